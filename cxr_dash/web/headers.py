"""Headers that keep the page to itself."""

from __future__ import annotations

from dash import Dash
from flask import Response

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def keep_off_disk(response: Response) -> Response:
    """The answer, for no cache: reading rooms share workstations; nothing of a film may stay on a disk."""
    response.headers["Cache-Control"] = "no-store"
    return response


def add_security_headers(app: Dash) -> None:
    """Send a content security policy and its companions with every answer.

    Scripts come from this server alone; Dash's own inline scripts are admitted by their hashes. Styles may be
    inline because Dash and Plotly set them on elements.
    """
    policy: list[str] = []

    def add(response: Response) -> Response:
        if not policy:
            # The hashes cover clientside callbacks, which are complete only once the app serves.
            scripts = " ".join(f"'{digest.strip(chr(39))}'" for digest in app.csp_hashes())
            policy.append(
                "; ".join(
                    (
                        "default-src 'self'",
                        f"script-src 'self' {scripts}".rstrip(),
                        "style-src 'self' 'unsafe-inline'",
                        "img-src 'self' data: blob:",
                        "connect-src 'self'",
                        "font-src 'self' data:",
                        "object-src 'none'",
                        "base-uri 'none'",
                        "form-action 'self'",
                        "frame-ancestors 'none'",
                    )
                )
            )
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy[0])
        return response

    app.server.after_request(add)
