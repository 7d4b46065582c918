"""Principals: Unix logins that a member may use, directly or through a department."""
