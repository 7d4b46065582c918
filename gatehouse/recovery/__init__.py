"""Lost factors: a reset that somebody approves, and that waits a day."""
