"""Who asks: the gate before every address, the page where people sign in, and what one user may see."""

from __future__ import annotations

from cxr_dash.web.sign_in.gate import keep_the_gate, request_user_name

__all__ = ["keep_the_gate", "request_user_name"]
