"""Users in a file: names, roles and argon2id hashes, for a site without a provider of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_dash.domain import N_
from cxr_dash.errors import BackendMissingError, UsersError
from cxr_dash.services.accounts.user import ROLES, Role

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
# Of passwords; more than the most is no sentence, and costs the hash function time.
FEWEST_CHARACTERS = 12
MOST_CHARACTERS = 256
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, repr=False)
class KnownUser:
    """One line of the file.

    Attributes
    ----------
    name : str
    role : {"reader", "admin"}
    password_hash : str
        Argon2id's, with its parameters and salt.
    """

    name: str
    role: Role
    password_hash: str

    @property
    def seal(self) -> str:
        """Changes with the password, and gives nothing of it away."""
        return hashlib.sha256(self.password_hash.encode()).hexdigest()[:32]


class UsersFile:
    """The file of users, read anew when it changed.

    Parameters
    ----------
    path : Path
        JSON, for its owner's eyes alone (mode 0600).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int, int], dict[str, KnownUser]] | None = None
        self._stranger = ""

    def users(self) -> dict[str, KnownUser]:
        """Users by name, those that the file has now; none where there is no file.

        Raises
        ------
        UsersError
            When it is not what this program wrote, or others may read it.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unusable(self.path, error.strerror or "") from None
        if status.st_mode & _OTHERS:
            raise _unusable(self.path, "others may read or write it; `chmod 600` it")
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._read is None or self._read[0] != stamp:
            try:
                content = json.loads(self.path.read_text("utf-8"))
                self._read = stamp, {name: _known(name, entry) for name, entry in content["users"].items()}
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise _unusable(self.path, type(error).__name__) from None
        return self._read[1]

    def verify(self, name: str, password: str) -> KnownUser | None:
        """The user whose name and password these are; an unknown name takes as long as a wrong password.

        Raises
        ------
        UsersError, BackendMissingError
        """
        argon2 = _argon2()
        hasher = argon2.PasswordHasher()
        user = self.users().get(name)
        if not self._stranger:
            self._stranger = hasher.hash("nobody's")
        try:
            hasher.verify(user.password_hash if user else self._stranger, password[:MOST_CHARACTERS])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return None
        return user

    def put(self, name: str, role: Role, password: str) -> None:
        """Add a user, or give one another password and role.

        Raises
        ------
        UsersError, BackendMissingError
        """
        if not _NAME.fullmatch(name):
            raise UsersError(
                "`name` must be 1 to 64 letters, digits, dots, dashes, underscores or @, beginning with a "
                f"letter or digit; received {name!r}."
            )
        if not FEWEST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
            raise UsersError(
                f"`password` must have {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters; received "
                f"{len(password)}.",
                remedy="A sentence is easy to remember.",
            )
        self._write({**self.users(), name: KnownUser(name, role, _argon2().PasswordHasher().hash(password))})

    def remove(self, name: str) -> None:
        """Take a user out: what one is doing ends with the next request.

        Raises
        ------
        UsersError
        """
        users = dict(self.users())
        if users.pop(name, None) is None:
            raise UsersError(f"`name` must be a user of {self.path}; received {name!r}.")
        self._write(users)

    def _write(self, users: dict[str, KnownUser]) -> None:
        content = {
            "users": {
                user.name: {"role": user.role, "password": user.password_hash}
                for user in sorted(users.values(), key=lambda one: one.name)
            }
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # of mode 0600 from its first byte; a server never sees half of it
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=self.path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(content, file, indent=2)
                    file.write("\n")
                Path(name).replace(self.path)
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
        except OSError as error:
            raise _unusable(self.path, error.strerror or "") from None


def _known(name: str, entry: Any) -> KnownUser:
    role, password_hash = entry["role"], entry["password"]
    if role not in ROLES or not str(password_hash).startswith("$argon2id$"):
        raise ValueError("not a user")
    return KnownUser(name, role, password_hash)


def _unusable(path: Path, why: str) -> UsersError:
    return UsersError(
        N_("The file of users cannot be used ({why})."),
        remedy=N_("Tell whoever runs the server: `cxr-dash users list` says more."),
        why=why,
        path=path,
    )


def _argon2() -> Any:
    try:
        import argon2  # noqa: PLC0415  (a server without users of its own does without)
        import argon2.exceptions  # noqa: PLC0415
    except ModuleNotFoundError:
        raise BackendMissingError(
            "Users of a file need the package argon2-cffi; it is not installed.",
            remedy="Install requirements/serve.lock, or argon2-cffi.",
        ) from None
    return argon2
