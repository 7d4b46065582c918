"""Scheduler: running jobs, one runner at a time, and remembering how they went."""
