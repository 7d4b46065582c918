"""Second factors: authenticator apps, passkeys, and codes for whoever has lost them."""
