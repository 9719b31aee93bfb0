"""A user and what one may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["reader", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class User:
    """Who asks.

    Attributes
    ----------
    name : str
        As the file of users, the proxy or the provider has it; empty where nobody signs in.
    role : {"reader", "admin"}
        A reader adds, reads and deletes films; an admin also sees the counters of ``/metrics``.
    """

    name: str
    role: Role = "reader"


def role_of_groups(groups: Collection[str], *, reader_group: str, admin_group: str) -> Role | None:
    """The role that groups give; ``None`` where their member may not come in.

    Parameters
    ----------
    groups : collection of str
    reader_group : str
        Empty where everybody who is named may read.
    admin_group : str
        Empty where nobody becomes an admin in this way.
    """
    if admin_group and admin_group in groups:
        return "admin"
    return "reader" if not reader_group or reader_group in groups else None
