"""The public SSH keys of people, and the proof that each is theirs."""
