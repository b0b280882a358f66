"""`failoverctl batch`: jobs of thousands of requests, which the daemon keeps and works through."""
