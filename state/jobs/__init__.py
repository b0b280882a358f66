"""Jobs: thousands of requests that are kept, and what is decided about each."""
