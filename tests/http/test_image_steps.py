"""The container image, without a container: its Dockerfile's own steps, run in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from dockerfile_steps import FolderImage, StepFailedError, built_for, read_dockerfile, stages
from gunicorn_server import GunicornServer, running_gunicorn

from cxr_dash.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

_EVERY_STEP = read_dockerfile(ROOT / "Dockerfile")
STEPS = built_for(_EVERY_STEP)
_UNREACHABLE = re.compile(r"Retrying|NewConnectionError|ConnectTimeout|Temporary failure in name resolution")
# What a machine may need to reach its package registry; nothing else is inherited.
_INHERITED = re.compile(r"(?i)^(HOME|LANG|TMPDIR|PIP_\w+|SSL_\w+|REQUESTS_CA_BUNDLE|\w+_PROXY)$")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> FolderImage:
    root = tmp_path_factory.mktemp("image")
    bare = root / "bin"
    bare.mkdir()
    base_python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (bare / "python").symlink_to(base_python)
    inherited = {name: value for name, value in os.environ.items() if _INHERITED.match(name)}
    built = FolderImage(root, ROOT, {**inherited, "PATH": f"{bare}:/usr/bin:/bin"})
    given = {'VERSION=""': 'VERSION="9.8.7"'}
    arguments = [replace(step, text=given.get(step.text, step.text)) for step in STEPS]
    try:
        built.run(arguments)
    except StepFailedError as error:
        if _UNREACHABLE.search(error.output):
            pytest.skip("package registry cannot be reached: the image's steps were NOT tested")
        raise
    return built


@pytest.fixture(scope="module")
def server(image: FolderImage) -> Iterator[GunicornServer]:
    command = list(image.command)
    command[0] = str(image.root / "opt/venv/bin" / command[0])
    with running_gunicorn(
        image.root, command=command, cwd=image.workdir, environment=image.environment
    ) as started:
        yield started


def test_only_what_needs_an_administrator_was_left_out(image: FolderImage) -> None:
    assert [command.split()[0] for command in image.left_out] == ["groupadd", "useradd", "chown"]


def test_the_image_ends_as_a_user_without_rights() -> None:
    (user,) = [step.text for step in STEPS if step.keyword == "USER"]
    assert user not in {"root", "0", "0:0"}
    assert STEPS.index(next(s for s in STEPS if s.keyword == "USER")) > max(
        index for index, step in enumerate(STEPS) if step.keyword in {"RUN", "COPY"}
    )


def test_it_says_the_version_it_was_built_as_on_its_label_too(image: FolderImage) -> None:
    command = [image.root / "opt/venv/bin/cxr-dash", "--version"]
    said = subprocess.run(command, env=image.environment, capture_output=True, text=True, check=True)
    assert said.stdout == "cxr-dash 9.8.7\n"
    (labels,) = [step.text for step in stages(_EVERY_STEP)[""] if step.keyword == "LABEL"]
    assert 'org.opencontainers.image.version="$VERSION"' in labels


def test_the_other_image_trains_and_brings_no_tests() -> None:
    steps = built_for(_EVERY_STEP, "training")
    (entry,) = [step.words() for step in steps if step.keyword == "ENTRYPOINT"]
    assert entry == ["python", "-m", "training"]
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        step.text.split()[:-1] for step in steps if step.keyword == "COPY" and "--from=" not in step.text
    ]
    assert {f"!{source}" for sources in copied for source in sources} <= {*sent}
    pinned = set(re.findall(r"^[\w-]+(?===)", (ROOT / "requirements/train.lock").read_text(), re.MULTILINE))
    assert {"keras", "optuna", "tensorflow-cpu"} <= pinned
    assert not {"pytest", "mypy"} & pinned


@pytest.mark.parametrize("target", ["", "training"])
def test_what_is_sent_is_made_readable_for_the_images_user(target: str) -> None:
    """A checkout under a umask of 027 is its owner's alone, and files are sent with their modes."""
    own = stages(_EVERY_STEP)[target]
    for step in own:
        if step.keyword == "COPY" and "--from=" not in step.text:
            *_, folder = step.text.split()
            assert any(
                s.keyword == "RUN" and re.search(rf"chmod -R a\+rX [^&]*{folder.split('/')[0]}", s.text)
                for s in own
            )
    for name in ("builder", "readable"):
        assert any(
            "chmod -R a+rX" in step.text for step in stages(_EVERY_STEP)[name] if step.keyword == "RUN"
        )


def test_the_command_is_the_documented_one(image: FolderImage) -> None:
    assert image.command == ["gunicorn", "app:server"]


def test_the_image_holds_no_training_library_and_no_tests(image: FolderImage) -> None:
    program = (
        "from importlib.util import find_spec\n"
        "names = ('tensorflow', 'keras', 'pandas', 'sklearn', 'training', 'pytest')\n"
        "print([name for name in names if find_spec(name)])"
    )
    python = image.root / "opt/venv/bin/python"
    done = subprocess.run(
        [python, "-c", program],
        cwd=image.workdir,
        env=image.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert not (image.workdir / "tests").exists()


def test_the_served_package_is_the_images_own(image: FolderImage) -> None:
    done = subprocess.run(
        [image.root / "opt/venv/bin/python", "-c", "import cxr_dash; print(cxr_dash.__file__)"],
        cwd=image.root,
        env=image.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(image.root)


def test_the_health_check_passes_while_it_serves(image: FolderImage, server: GunicornServer) -> None:
    python = image.root / "opt/venv/bin" / image.health_command[0]
    command = [str(python), *image.health_command[1:]]
    up = {**image.environment, "CXR_PORT": str(server.port)}
    assert subprocess.run(command, env=up, check=False).returncode == 0
    down = {**image.environment, "CXR_PORT": "1"}
    assert subprocess.run(command, env=down, stderr=subprocess.DEVNULL, check=False).returncode != 0


def test_it_analyses_a_film_without_tensorflow(server: GunicornServer, phantom_png: bytes) -> None:
    assert server.get("/healthz").status == 200
    assert server.get("/readyz").status == 200
    model = Settings().default_model
    added = server.post(f"/films?model={model}", phantom_png)
    assert added.status == 201, added.body
    assert model in server.get("/readyz").json()["models"]
    layer = server.get(f"/films/{added.json()['film']}/{model}/effusion/heat-layer.png")
    assert (layer.status, layer.content_type) == (200, "image/png")
    for process in [psutil.Process(server.process.pid), *server.workers()]:
        assert "tensorflow" not in Path(f"/proc/{process.pid}/maps").read_text()


def test_the_command_line_works_inside_it(image: FolderImage) -> None:
    done = subprocess.run(
        [image.root / "opt/venv/bin/cxr-dash", "models"],
        cwd=image.workdir,
        env=image.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Settings().default_model in done.stdout
