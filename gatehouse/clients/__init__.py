"""Clients: the applications that sign people in through us, and how they prove who they are."""
