"""People who are locked out of an organization's machines and networks."""
