"""Whether a person reads the answer, or a program."""

from __future__ import annotations

from flask import request


def read_by_a_person() -> bool:
    """Whether a browser asks for a page: programs, pictures and the page's own scripts take anything."""
    accepted = request.accept_mimetypes
    wanted = accepted.best_match(["application/json", "text/html"], default="application/json")
    return wanted == "text/html" and accepted["text/html"] > accepted["application/json"]
