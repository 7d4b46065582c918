"""The OpenID provider: applications sign people in through us (OpenID Connect Core, OAuth 2.0)."""
