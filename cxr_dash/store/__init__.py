"""Where films and results wait: bytes with a schema, for a time, within a share. Never pickle."""
