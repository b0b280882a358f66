"""JSON-RPC 2.0 over a Unix socket, as strangers' clients speak it."""
