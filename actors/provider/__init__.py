"""One provider: its door, its ledger, its attempts, its health."""
