"""How much was used, how well it went, what it cost."""
