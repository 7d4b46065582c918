"""The tables of the initial migration, a file for each domain. Frozen with the first release."""
