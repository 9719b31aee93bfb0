"""The reference server's configuration: the same workers and threads as ours, and nothing of ours in it."""

import os

bind = [f"127.0.0.1:{os.environ['CXR_PORT']}"]
workers = int(os.environ["CXR_WORKERS"])
worker_class = "gthread"
threads = 4
loglevel = "warning"
timeout = 600
control_socket_disable = True
