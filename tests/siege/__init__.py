"""A daemon under siege: servers that misbehave by chance, callers of every kind, and laws over what came of it."""
