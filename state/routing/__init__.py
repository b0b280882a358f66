"""Which lane, and why not the others."""
