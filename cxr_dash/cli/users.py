"""``cxr-dash users add | remove | list``: who may sign in, where the server keeps users itself."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cxr_dash.cli.console import errors_in_words, read_settings, say, table

if TYPE_CHECKING:
    from cxr_dash.services.accounts.users_file import UsersFile

users_app = typer.Typer(
    name="users",
    help="Who may sign in where CXR_SIGN_IN=users: the file CXR_USERS_FILE.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class RoleChoice(StrEnum):
    """What a user may do."""

    READER = "reader"
    ADMIN = "admin"


Name = Annotated[str, typer.Argument(help="The user's name.", metavar="NAME")]


@users_app.command()
def add(
    name: Name,
    *,
    role: Annotated[RoleChoice, typer.Option(help="`admin` also reads /metrics.")] = RoleChoice.READER,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
    ] = False,
) -> None:
    """Add a user, or give one another password and role; the password is asked for, and never shown."""
    with errors_in_words():
        users = _users()
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        users.put(name, role.value, password)
        say(f"{name} may sign in as {role.value}; written to {users.path}.")


@users_app.command()
def remove(name: Name) -> None:
    """Take a user out; a sign-in under way ends with the next request."""
    with errors_in_words():
        users = _users()
        users.remove(name)
        say(f"{name} may sign in no more; written to {users.path}.")


@users_app.command(name="list")
def list_users() -> None:
    """List names and roles."""
    with errors_in_words():
        known = sorted(_users().users().values(), key=lambda user: user.name)
        say(table([("NAME", "ROLE"), *((user.name, user.role) for user in known)]))


def _users() -> UsersFile:
    from cxr_dash.services.accounts.users_file import UsersFile

    return UsersFile(read_settings().users_file)
