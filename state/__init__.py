"""What is known, and how it is decided: plain functions over frozen values."""
