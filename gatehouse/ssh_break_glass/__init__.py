"""A certificate for when nothing else works: made once, given to an owner, and kept nowhere."""
