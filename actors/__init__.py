"""Who waits for what: mailboxes, supervisors, and the cast that lives in them."""
