"""Machines of an organization: their names, who gets into which account, their certificates."""
