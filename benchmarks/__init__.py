"""`make bench`: how fast Gatehouse is, as a ratio to what it stands on. See docs/performance.md."""
