"""What the operator writes: read, checked, and joined with its secrets."""
