"""Each provider's dialect: bytes in, values out, no I/O."""
