"""The command line of Gatehouse. It never imports the server."""

__version__ = "0.1.0.dev0"
