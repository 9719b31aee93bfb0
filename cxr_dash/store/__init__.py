"""Where films and results wait: flask-caching's backends, sealed by a schema, within a room. Never pickle."""
