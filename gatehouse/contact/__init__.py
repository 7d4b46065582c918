"""Contact: what people write to the house without an account."""
