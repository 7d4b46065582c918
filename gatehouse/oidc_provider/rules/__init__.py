"""What a request may ask for, and what is missing before it is granted. Pure."""
