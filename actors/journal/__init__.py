"""One writer, whole transactions, and what a start recalls."""
