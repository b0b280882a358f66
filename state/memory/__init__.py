"""State as the fold of events, and the shape of the journal that keeps them."""
