"""``gunicorn app:server``: settings from the environment in, a WSGI callable out. Never TensorFlow."""

from cxr_dash.settings import Settings
from cxr_dash.web import create_app

app = create_app(Settings())
server = app.server
