"""The models, side by side: subjects take turns, so that a busy moment of the machine hits both."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alike import Answer, apart, probabilities_of
from benchmarks.film import HEIGHT, WIDTH, write_film
from benchmarks.protocol import Subject
from benchmarks.report import Figures
from benchmarks.servers import Running, ask_ours, ask_reference, films_per_second, started
from benchmarks.table import Asked, Table
from cxr_dash.inference.bundle import read_spec

_MODULES = {"ours": "benchmarks.ours", "reference": "benchmarks.reference"}
_SERVERS = {"ours": ("app:server", ask_ours), "reference": ("benchmarks.reference_app:server", ask_reference)}


@dataclass(frozen=True)
class Plan:
    """How much is repeated.

    Films of the throughput: enough that start and end do not matter, few enough that the slower subject ends
    within a minute.
    """

    cold_rounds: int = 3
    warm_rounds: int = 9
    slow_rounds: int = 3
    server_rounds: int = 2
    films_ours: int = 200
    films_reference: int = 24
    workers: int = 2


_BRIEF = Plan(0, 1, 1, 1, films_ours=4, films_reference=4, workers=1)


def measure(asked: Asked) -> Table:
    """The table of the models, and how far apart the two subjects' answers were."""
    film = asked.folder / "film.png"
    write_film(film)
    figures, apart = run(asked.bundle, film, asked.folder, _BRIEF if asked.brief else Plan())
    measured = f"with `{asked.bundle.name}` and a {WIDTH} x {HEIGHT} film"
    return Table(measured, figures.as_markdown(), {"apart": apart, "rows": figures.as_data()})


def run(bundle: Path, film: Path, folder: Path, plan: Plan) -> tuple[Figures, dict[str, float]]:
    """Measure everything.

    Returns
    -------
    figures : Figures
    apart : dict of str to float
        Largest difference of the two subjects' ``probabilities`` and ``maps``.

    Raises
    ------
    RuntimeError
        When a subject fails, or the two do not give the same answers: speed would mean nothing.
    """
    figures = Figures()
    for number in range(plan.cold_rounds):
        _say(f"cold process, round {number + 1} of {plan.cold_rounds}")
        _cold(figures, bundle, film, folder)
    _say("warm")
    apart = _warm(figures, bundle, film, folder, plan)
    for number in range(plan.server_rounds):
        _say(f"servers, round {number + 1} of {plan.server_rounds}")
        for subject in _SERVERS:
            _server(figures, subject, bundle, film, plan)
    return figures, apart


def _cold(figures: Figures, bundle: Path, film: Path, folder: Path) -> None:
    with Subject(_MODULES["ours"], bundle, film, folder / "ours.log") as ours:
        seconds, _ = ours.reached("all_heatmaps")
    figures.add("cold_first", "ours", seconds)
    figures.add("cold_all", "ours", seconds)
    with Subject(_MODULES["reference"], bundle, film, folder / "reference.log") as reference:
        reference.reached("probabilities")
        figures.add("cold_first", "reference", reference.reached("one_heatmap")[0])
        figures.add("cold_all", "reference", reference.reached("all_heatmaps")[0])


def agreement(ours: dict[str, Any], reference: dict[str, Any], activation: str) -> dict[str, float]:
    """How far apart two answers are: probabilities, and maps as shares of their own peak.

    Raises
    ------
    RuntimeError
        When they are more than 0.001 apart.
    """
    mine = Answer(probabilities_of(ours["logits"], activation), np.asarray(ours["heatmaps"]))
    other = Answer(np.asarray(reference["probabilities"]), np.asarray(reference["heatmaps"]))
    return apart(mine, other, "both subjects")


def _warm(figures: Figures, bundle: Path, film: Path, folder: Path, plan: Plan) -> dict[str, float]:
    with (
        Subject(_MODULES["ours"], bundle, film, folder / "ours.log") as ours,
        Subject(_MODULES["reference"], bundle, film, folder / "reference.log") as reference,
    ):
        _, our_answer = ours.reached("all_heatmaps")
        if our_answer["tensorflow"]:
            raise RuntimeError("TensorFlow was imported by a process that must not need it")
        for name in ("probabilities", "one_heatmap", "all_heatmaps"):
            _, their_answer = reference.reached(name)
        apart = agreement(our_answer, their_answer, read_spec(bundle).activation)
        subjects = {"ours": ours, "reference": reference}
        quick = ("predict", "one_heatmap", "one_heatmap_built_once", "film_to_one")
        rounds = [*[(row, plan.warm_rounds) for row in quick]]
        rounds += [("all_heatmaps", plan.slow_rounds), ("film_to_all", plan.slow_rounds)]
        for row, count in rounds:
            for subject in subjects.values():
                subject.ask(row)  # whatever is done once is done before the clock starts
            for _ in range(count):
                for name, subject in subjects.items():
                    figures.add(row, name, subject.ask(row)["seconds"] * 1000.0)
        for name, subject in subjects.items():
            memory = subject.memory_mib()
            figures.add("process_pss", name, memory["pss"])
            figures.add("process_uss", name, memory["uss"])
    return apart


def _server(figures: Figures, subject: str, bundle: Path, film: Path, plan: Plan) -> None:
    application, ask = _SERVERS[subject]
    data = film.read_bytes()
    label = _first_label(bundle)

    def answer(server: Running) -> bytes:
        return ask(server, data, bundle.name, label)

    with started(application, bundle, film.parent, plan.workers) as server:
        accepted = server.wait_until_accepting()
        figures.add("server_accepts", subject, accepted)
        answer(server)
        answered = server.seconds_since_start()
        figures.add("server_first", subject, answered - accepted)
        figures.add("server_total", subject, answered)
        films = plan.films_ours if subject == "ours" else plan.films_reference
        rate = films_per_second(lambda: answer(server), films)
        figures.add("server_throughput", subject, rate)
        figures.add("server_pss", subject, server.memory()["pss"])


def _first_label(bundle: Path) -> str:
    return read_spec(bundle).label_keys[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
