"""The container image itself: built, started as its user with nothing to write on, asked for a film, stopped.

Where no engine runs or no base image is at hand, nothing is fetched and the test says that it tried nothing.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from os import environ
from typing import Any

import pytest
from gunicorn_server import eventually

from benchmarks.servers import free_port
from cxr_dash.settings import ROOT

pytestmark = pytest.mark.thorough

_NAME = "cxr-dash-tried"
# What the build needs of a machine's own, such as a package registry: `--volume /etc/pip.conf:/etc/pip.conf`.
_MORE = shlex.split(environ.get("CXR_BUILD_OPTIONS", ""))
# Podman knows no owner of a memory folder: everybody's, in which the server makes its own.
_PLACE = "/var/cache/cxr-dash/films"
_MEMORY = (
    *("--tmpfs", "/tmp:mode=1777", "--env", f"CXR_CACHE_DIR={_PLACE}"),  # noqa: S108
    *("--mount", "type=tmpfs,destination=/var/cache/cxr-dash,tmpfs-mode=1777,tmpfs-size=268435456"),
)
_GUARDED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "4g")


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert not check or done.returncode == 0, (
        f"{shlex.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    )
    return done


@pytest.fixture(scope="module")
def engine() -> str:
    """The program; none but one that runs and has the base image."""
    (base,) = set(re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE))
    for program in ("docker", "podman"):
        if shutil.which(program) and not _run(program, "image", "inspect", base, check=False).returncode:
            return program
    pytest.skip(f"no docker or podman that runs and has {base}: the image was NOT built and started")


@pytest.fixture(scope="module")
def image(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Built from the tracked files as a umask of 027 leaves them: their owner's alone."""
    folder = tmp_path_factory.mktemp("context")
    tracked = _run("git", "ls-files", "-z").stdout.split("\0")
    for name in filter(None, tracked):
        if not (ROOT / name).is_file():
            continue
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
        copy.chmod(0o640)
    form = ["--format", "docker"] if engine == "podman" else []
    arguments = ["--build-arg", "VERSION=9.8.7", "--build-arg", "REVISION=abc"]
    _run(engine, "build", *form, *_MORE, *arguments, "--tag", _NAME, str(folder))
    yield _NAME
    _run(engine, "rmi", _NAME, check=False)


@pytest.fixture(scope="module")
def said(engine: str, image: str) -> dict[str, Any]:
    """What the image says of itself."""
    (entry,) = json.loads(_run(engine, "image", "inspect", image).stdout)
    assert isinstance(entry, dict)
    return entry


def _ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def running(engine: str, image: str) -> Iterator[tuple[str, int]]:
    """A container, guarded as the documentation says, and its port on this machine."""
    port = free_port()
    options = [*_GUARDED, *_MEMORY, "--env", "CXR_SIGN_IN=off", "--publish", f"127.0.0.1:{port}:8050"]
    begun = _run(engine, "run", "--detach", *options, image, check=False)
    if "invalid mount option" in begun.stderr:
        pytest.skip("this Podman gives a memory folder no owner: the guarded container was NOT started")
    assert begun.returncode == 0, begun.stderr
    container = begun.stdout.strip()
    try:
        eventually(lambda: _ask(port, "GET", "/readyz")[0] == 200, "the container to be ready")
        yield container, port
    finally:
        _run(engine, "rm", "--force", "--volumes", container, check=False)


def _inside(engine: str, container: str, command: str) -> str:
    return _run(engine, "exec", container, "sh", "-c", command).stdout.strip()


def test_it_says_what_it_is_and_how_its_health_is_asked(said: dict[str, Any]) -> None:
    labels = said["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == "9.8.7"
    assert labels["org.opencontainers.image.revision"] == "abc"
    assert said["Config"]["User"] == "10001:10001"
    health = said["Config"].get("Healthcheck") or said["Healthcheck"]
    assert "/healthz" in health["Test"][-1]


def test_it_runs_as_its_user_and_can_write_films_and_nothing_else(
    engine: str, running: tuple[str, int]
) -> None:
    container, _ = running
    assert _inside(engine, container, "id -u; id -g") == "10001\n10001"
    assert _inside(engine, container, "cxr-dash --version") == "cxr-dash 9.8.7"
    assert _inside(engine, container, "touch models/new /etc/new app.py 2>/dev/null; echo $?") == "1"
    assert _inside(engine, container, f"stat -c '%u %a' {_PLACE}") == "10001 700"
    found = _inside(engine, container, "ls -a; ls /opt/venv/lib/python*/site-packages")
    for name in ("tests", "training", ".git", ".env", "tensorflow", "keras", "pytest"):
        assert name not in found.split()


def test_it_answers_for_a_film_and_finds_its_answer_again(
    engine: str, running: tuple[str, int], phantom_png: bytes
) -> None:
    container, port = running
    status, body = _ask(port, "POST", "/films?model=findings", phantom_png)
    assert status == 201, body
    film = json.loads(body)["film"]
    for _ in range(2):
        status, picture = _ask(port, "GET", f"/films/{film}/findings/effusion/heat-layer.png")
        assert (status, picture[:4]) == (200, b"\x89PNG")
    done = _run(engine, "logs", container)
    assert "damaged" not in done.stdout + done.stderr


def test_its_own_health_check_passes(engine: str, running: tuple[str, int], said: dict[str, Any]) -> None:
    health = said["Config"].get("Healthcheck") or said["Healthcheck"]
    assert health["Test"][0] == "CMD"
    _run(engine, "exec", running[0], *health["Test"][1:])


def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(engine: str, image: str) -> None:
    done = _run(engine, "run", "--rm", "--env", "CXR_PORT=many", image, check=False)
    assert done.returncode == 1
    assert "`CXR_PORT` is not allowed" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_it_ends_in_order_when_it_is_told_to(engine: str, image: str) -> None:
    port = free_port()
    options = ["--env", "CXR_SIGN_IN=off", "--publish", f"127.0.0.1:{port}:8050"]
    container = _run(engine, "run", "--detach", *options, image).stdout.strip()
    try:
        eventually(lambda: _ask(port, "GET", "/readyz")[0] == 200, "the container to be ready")
        _run(engine, "stop", "--time", "60", container)
        (state,) = json.loads(_run(engine, "inspect", container).stdout)
        assert state["State"]["ExitCode"] == 0
        done = _run(engine, "logs", container)
        assert "Shutting down: Master" in done.stdout + done.stderr
    finally:
        _run(engine, "rm", "--force", "--volumes", container, check=False)
