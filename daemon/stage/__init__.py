"""The demo's stage: providers that only pretend, and break when the script says so."""
