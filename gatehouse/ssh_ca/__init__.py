"""The SSH certificate authorities of organizations, and what they sign."""
