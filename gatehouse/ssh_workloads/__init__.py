"""Certificates for jobs of a CI, by rules: whoever shows the OIDC token of such a job gets one."""
