"""What is told of a request when it is over."""
