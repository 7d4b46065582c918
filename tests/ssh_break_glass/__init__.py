"""Tests of the certificate for emergencies."""
