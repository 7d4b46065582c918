"""What holds of hosts, without a database. Pure."""
