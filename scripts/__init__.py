"""Scripts under the names that people know; each is a command of ``manage.py``."""
