"""SSH certificates: signed, listed, revoked."""
