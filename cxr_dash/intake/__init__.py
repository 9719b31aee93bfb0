"""How requests come in: a gunicorn worker that waits for whole requests without giving a thread to any."""
