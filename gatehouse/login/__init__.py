"""Login: coming in and going out. Owns the flow, not the parts."""
