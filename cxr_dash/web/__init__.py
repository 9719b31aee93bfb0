"""The web application: Dash for the page, Flask routes for films, downloads and operations."""

from cxr_dash.web.application import create_app

__all__ = ["create_app"]
