"""Who works through jobs, and who keeps the books on the disk."""
