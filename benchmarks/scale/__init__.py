"""What a database of a million people costs: the same as one of a thousand, or how much more."""
