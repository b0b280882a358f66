"""What the daemon's answers look like, as far as failoverctl reads them.

The values themselves are defined in `daemon.api`; a test compares the two. What is empty there is often
left out.
"""
