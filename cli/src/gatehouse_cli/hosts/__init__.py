"""The machine's side of Gatehouse: what its sshd goes by, and how that is kept fresh."""
