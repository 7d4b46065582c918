"""What OpenSSH writes and reads: keys, signatures, certificates, revocation lists. Pure."""
