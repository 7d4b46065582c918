"""The record's pure rules: hashes, verdicts on blocks, cells of a table."""
