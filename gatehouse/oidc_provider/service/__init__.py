"""The rules of the OpenID provider."""
