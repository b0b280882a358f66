"""What the daemon can be asked for, whatever the wire: plain methods over router, ledgers and journal."""
