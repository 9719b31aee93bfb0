"""Who uses the server: users, their roles, their passwords, and for how long they are signed in."""

from __future__ import annotations

from cxr_dash.services.accounts.sessions import Session, Sessions, Waiting
from cxr_dash.services.accounts.user import ROLES, Role, User, role_of_groups

__all__ = ["ROLES", "Role", "Session", "Sessions", "User", "Waiting", "role_of_groups"]
