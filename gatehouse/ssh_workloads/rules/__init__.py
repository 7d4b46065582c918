"""Which jobs get a certificate: what rules and tokens may say. Pure."""
