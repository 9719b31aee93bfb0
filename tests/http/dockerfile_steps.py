"""Reads a Dockerfile and runs its steps in a folder instead of a container.

It understands what our Dockerfile uses and refuses anything else: a step silently left out would make
the test say more than it knows.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

# Need an administrator, and change nothing that the application could see here.
_ADMINISTRATION = ("groupadd", "useradd", "chown")
_CONTAINER_PATH = re.compile(r"(?<![\w.:/])/(?=(?:opt|srv|var)/)")


@dataclass(frozen=True)
class Step:
    """One instruction: ``keyword`` and the rest of its (joined) lines."""

    keyword: str
    text: str

    def words(self) -> list[str]:
        """The JSON form ``["a", "b"]`` of CMD and its like."""
        words = json.loads(self.text)
        assert isinstance(words, list)
        return words


def read_dockerfile(path: Path) -> list[Step]:
    """Every instruction in order; comments are dropped, continued lines joined."""
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def stages(steps: list[Step]) -> dict[str, list[Step]]:
    """The steps of each stage by its name, the last one's by ``""``."""
    found: dict[str, list[Step]] = {}
    name = ""
    for step in steps:
        if step.keyword == "FROM":
            name = step.text.partition(" AS ")[2]
        found.setdefault(name, []).append(step)
    return found


def built_for(steps: list[Step], target: str = "") -> list[Step]:
    """The steps of ``docker build --target``: the target's and those of the stages it takes from."""
    by_name = stages(steps)
    wanted = by_name[target]
    text = " ".join(step.text for step in wanted)
    taken = [name for name in by_name if name and re.search(rf"(^|--from=){name}\b", text)]
    return [step for name in taken for step in by_name[name]] + wanted


@dataclass
class FolderImage:
    """A folder that stands for the image's root.

    Attributes
    ----------
    root : Path
        The folder.
    context : Path
        What is built: the checkout.
    environment : dict of str to str
        Variables; PATH leads to ``root`` first.
    """

    root: Path
    context: Path
    environment: dict[str, str]
    workdir: Path = field(init=False)
    command: list[str] = field(default_factory=list)
    health_command: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workdir = self.root

    def here(self, text: str) -> str:
        """``text`` with the container's folders moved below ``root``."""
        return _CONTAINER_PATH.sub(f"{self.root}/", text)

    def run(self, steps: list[Step]) -> None:
        """Carry out the steps; both stages share the one folder, so copying between them is checked only."""
        actions = {
            "ARG": self._env,
            "ENV": self._env,
            "WORKDIR": self._workdir,
            "RUN": self._run,
            "COPY": self._copy,
            "CMD": self._cmd,
            "HEALTHCHECK": self._health,
        }
        for step in steps:
            if step.keyword in {"FROM", "USER", "EXPOSE", "VOLUME", "LABEL"}:
                continue
            assert step.keyword in actions, f"the test does not understand {step.keyword}"
            actions[step.keyword](step)

    def _env(self, step: Step) -> None:
        for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', step.text):
            value = (quoted or plain).replace("$PATH", self.environment["PATH"])
            self.environment[name] = self.here(value)

    def _workdir(self, step: Step) -> None:
        self.workdir = Path(self.here(step.text))
        self.workdir.mkdir(parents=True, exist_ok=True)

    def _run(self, step: Step) -> None:
        for part in step.text.split(" && "):
            command = " ".join(part.split())
            if command.startswith(_ADMINISTRATION):
                self.left_out.append(command)
                continue
            if command.startswith("mkdir"):
                Path(self.here(command.split()[-1])).parent.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                ["/bin/sh", "-c", self.here(command)],
                cwd=self.workdir,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise StepFailedError(command, done.stdout + done.stderr)

    def _copy(self, step: Step) -> None:
        *sources, target = step.text.split()
        if sources[0].startswith("--from="):
            assert sources[1:] == [target], "between stages, files keep their place"
            assert Path(self.here(target)).exists()
            return
        for source in sources:
            assert self._is_sent(source), f"{source} is kept out of the build by .dockerignore"
            destination = self.workdir / target
            if (self.context / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(self.context / source, destination, ignore=ignored, dirs_exist_ok=True)
            else:
                destination = destination / Path(source).name if target.endswith("/") else destination
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.context / source, destination)

    def _is_sent(self, source: str) -> bool:
        lines = (self.context / ".dockerignore").read_text(encoding="utf-8").splitlines()
        assert "*" in lines, ".dockerignore must begin by leaving everything out"
        return f"!{source}" in lines

    def _cmd(self, step: Step) -> None:
        self.command = step.words()

    def _health(self, step: Step) -> None:
        self.health_command = json.loads(step.text[step.text.index("[") :])


class StepFailedError(Exception):
    """A RUN step ended with another status than 0."""

    def __init__(self, command: str, output: str) -> None:
        super().__init__(f"{command}\n{output[-3000:]}")
        self.output = output
