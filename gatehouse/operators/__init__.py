"""Operators: those who run this instance, and what is done with other people's accounts."""
