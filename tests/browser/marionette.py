"""Debian's Firefox under a test: Playwright drives only a Firefox of its own.

Firefox answers to Marionette by itself: JSON over a socket, each message led by its length; the commands are
those of WebDriver. Mozilla's client needs a module that Python 3.13 has no more; a walk needs few commands.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gunicorn_server import PATIENCE_SECONDS, eventually

from benchmarks.servers import free_port

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what WebDriver calls the key of a node
_PREFERENCES = {
    "browser.download.folderList": 2,  # a folder of our own
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "intl.accept_languages": "en-GB",
    "pdfjs.disabled": True,  # a report is saved, not shown
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """A page in Firefox.

    Parameters
    ----------
    port : int
        Where Firefox listens for commands.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._asked = 0
        self._message()  # says what it is

    def _message(self) -> Any:
        length = b""
        while (character := self._stream.read(1)) != b":":
            assert character, "Firefox has gone"
            length += character
        return json.loads(self._stream.read(int(length)))

    def command(self, name: str, **values: object) -> Any:
        """What a command of WebDriver gives back; its error is this test's."""
        self._asked += 1
        body = json.dumps([0, self._asked, name, values]).encode()
        self._socket.sendall(str(len(body)).encode() + b":" + body)
        _, _, error, result = self._message()
        assert error is None, f"{name}: {error['error']}: {error['message']}"
        return result.get("value", result)

    def ask(self, script: str, *arguments: object) -> Any:
        """What the body of a function of the page's own world returns."""
        return self.command("WebDriver:ExecuteScript", script=script, args=list(arguments), sandbox=None)

    def wait(self, script: str, *arguments: object) -> None:
        """Wait until it returns what counts as true."""
        eventually(lambda: bool(self.ask(script, *arguments)), script)

    def _node(self, selector: str) -> str:
        found = self.command("WebDriver:FindElement", using="css selector", value=selector)
        return str(found[_ELEMENT])

    def click(self, selector: str) -> None:
        """Click a node as a mouse does, which has to be in sight for it."""
        self.command("WebDriver:ElementClick", id=self._node(selector))

    def press(self, selector: str, keys: str) -> None:
        """Type into a node; into a field for files, their paths."""
        self.command("WebDriver:ElementSendKeys", id=self._node(selector), text=keys)

    def close(self) -> None:
        """Let go of it."""
        self._stream.close()
        self._socket.close()


@contextmanager
def running_firefox(path: str, folder: Path, address: str) -> Iterator[Firefox]:
    """Firefox at an address, 1280 x 720 inside; it saves into ``folder / "saved"``."""
    port, profile = free_port(), folder / "profile"
    profile.mkdir()
    wanted = _PREFERENCES | {"marionette.port": port, "browser.download.dir": str(folder / "saved")}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [path, "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
    with (
        (folder / "firefox.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            eventually(lambda: _listens(port), "Firefox to listen")
            page = Firefox(port)
            page.command("WebDriver:NewSession")
            page.command("WebDriver:Navigate", url=address)
            border = page.ask("return [outerWidth - innerWidth, outerHeight - innerHeight]")
            page.command("WebDriver:SetWindowRect", width=1280 + border[0], height=720 + border[1])
            yield page
            page.close()
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
