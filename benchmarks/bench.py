"""The run itself: subjects take turns, so that a busy moment of the machine hits both."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.protocol import Subject
from benchmarks.report import Figures
from benchmarks.servers import Running, ask_ours, ask_reference, films_per_second, started
from cxr_dash.inference.bundle import read_spec

_MODULES = {"ours": "benchmarks.ours", "reference": "benchmarks.reference"}
_SERVERS = {"ours": ("app:server", ask_ours), "reference": ("benchmarks.reference_app:server", ask_reference)}
# Enough films that start and end do not matter, few enough that the slower subject ends within a minute.
_THROUGHPUT_FILMS = {"ours": 200, "reference": 24}
_MAX_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class Plan:
    """How much is repeated."""

    cold_rounds: int = 3
    warm_rounds: int = 9
    slow_rounds: int = 3
    server_rounds: int = 2


def run(bundle: Path, film: Path, folder: Path, plan: Plan) -> Figures:
    """Measure everything.

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
    _warm(figures, bundle, film, folder, plan)
    for number in range(plan.server_rounds):
        _say(f"servers, round {number + 1} of {plan.server_rounds}")
        for subject in _SERVERS:
            _server(figures, subject, bundle, film, folder)
    return figures


def _cold(figures: Figures, bundle: Path, film: Path, folder: Path) -> None:
    with Subject(_MODULES["ours"], bundle, film, folder / "ours.log") as ours:
        seconds, our_answer = ours.reached("all_heatmaps")
    if our_answer["tensorflow"]:
        raise RuntimeError("TensorFlow was imported by a process that must not need it")
    figures.add("cold_first", "ours", seconds)
    figures.add("cold_all", "ours", seconds)
    with Subject(_MODULES["reference"], bundle, film, folder / "reference.log") as reference:
        reference.reached("probabilities")
        figures.add("cold_first", "reference", reference.reached("one_heatmap")[0])
        seconds, their_answer = reference.reached("all_heatmaps")
        figures.add("cold_all", "reference", seconds)
    _check_agreement(our_answer, their_answer)


def _check_agreement(ours: dict[str, Any], reference: dict[str, Any]) -> None:
    sigmoid = 1.0 / (1.0 + np.exp(-np.asarray(ours["logits"])))
    softmax = np.exp(np.asarray(ours["logits"]) - np.max(ours["logits"]))
    softmax /= softmax.sum()
    theirs = np.asarray(reference["probabilities"])
    probabilities = min(np.abs(sigmoid - theirs).max(), np.abs(softmax - theirs).max())
    maps, their_maps = np.asarray(ours["heatmaps"]), np.nan_to_num(np.asarray(reference["heatmaps"]))
    heat = np.abs(maps - their_maps).max()
    if not max(probabilities, heat) <= _MAX_DIFFERENCE:
        raise RuntimeError(
            f"both subjects must answer alike; received probabilities {probabilities:.2g} "
            f"and maps {heat:.2g} apart"
        )


def _warm(figures: Figures, bundle: Path, film: Path, folder: Path, plan: Plan) -> None:
    with (
        Subject(_MODULES["ours"], bundle, film, folder / "ours.log") as ours,
        Subject(_MODULES["reference"], bundle, film, folder / "reference.log") as reference,
    ):
        ours.reached("all_heatmaps")
        for name in ("probabilities", "one_heatmap", "all_heatmaps"):
            reference.reached(name)
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


def _server(figures: Figures, subject: str, bundle: Path, film: Path, folder: Path) -> None:
    application, ask = _SERVERS[subject]
    data = film.read_bytes()
    label = _first_label(bundle)

    def answer(server: Running) -> bytes:
        return ask(server, data, bundle.name, label)

    with started(application, bundle, folder) as server:
        accepted = server.wait_until_accepting()
        figures.add("server_accepts", subject, accepted)
        answer(server)
        answered = server.seconds_since_start()
        figures.add("server_first", subject, answered - accepted)
        figures.add("server_total", subject, answered)
        rate = films_per_second(lambda: answer(server), _THROUGHPUT_FILMS[subject])
        figures.add("server_throughput", subject, rate)
        figures.add("server_pss", subject, server.memory()["pss"])


def _first_label(bundle: Path) -> str:
    return read_spec(bundle).label_keys[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
