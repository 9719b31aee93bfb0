"""Probabilities and heatmaps of one network and film, by the app and by what else is in use, in turns."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.alike import Answer, apart, installed, left_out, of_own_peak, of_own_range, probabilities_of
from benchmarks.film import HEIGHT, WIDTH, write_film
from benchmarks.protocol import Subject
from benchmarks.table import Asked, Table, short, spread
from cxr_dash.inference.bundle import read_spec


@dataclass(frozen=True)
class Peer:
    """One way to probabilities and heatmaps.

    Attributes
    ----------
    title : str
        What a reader sees.
    module : str
        The subject.
    packages : tuple of str
        Without these it is left out.
    points : tuple of str
        What the subject announces one after the other.
    more : tuple of str
        Further arguments of the subject.
    stretched : bool
        Whether it gives maps from 0 at their smallest cell to 1 at their largest, not as shares of the peak.
    """

    title: str
    module: str
    packages: tuple[str, ...] = ()
    points: tuple[str, ...] = ("all_heatmaps",)
    more: tuple[str, ...] = ()
    stretched: bool = False


_OURS = "cxr-dash"
PEERS = {
    _OURS: Peer("cxr-dash", "benchmarks.ours", ("ai-edge-litert",)),
    "recipe": Peer(
        "Keras `predict` and the keras.io recipe",
        "benchmarks.reference",
        ("keras",),
        ("probabilities", "one_heatmap", "all_heatmaps"),
    ),
    "tf-keras-vis": Peer(
        "Keras `predict` and tf-keras-vis", "benchmarks.peer_tf_keras_vis", ("keras", "tf-keras-vis")
    ),
    "grad-cam": Peer(
        "pytorch-grad-cam on Keras over torch",
        "benchmarks.peer_grad_cam",
        ("keras", "torch", "grad-cam"),
        stretched=True,
    ),
    "grad-cam-one-thread": Peer(
        "pytorch-grad-cam, torch with one thread",
        "benchmarks.peer_grad_cam",
        ("keras", "torch", "grad-cam"),
        more=("1",),
        stretched=True,
    ),
}
_ROUNDS = {"one_heatmap": 15, "all_heatmaps": 5}


def measure(asked: Asked) -> Table:
    """The table of peers.

    Raises
    ------
    RuntimeError
        When one does not give the app's probabilities and maps, within 0.001.
    """
    versions = {key: installed(peer.packages) for key, peer in PEERS.items()}
    missing = {PEERS[key].title: PEERS[key].packages for key, found in versions.items() if found is None}
    film = asked.folder / "film.png"
    write_film(film)
    rounds = dict.fromkeys(_ROUNDS, 1) if asked.brief else _ROUNDS
    samples = _in_turns(asked, film, [key for key, found in versions.items() if found is not None], rounds)
    others = {name: number for name in ("tf-keras-vis", "torch", "grad-cam") for number in _version(name)}
    told = "".join(f", {name} {number}" for name, number in others.items())
    measured = (
        f"with `{asked.bundle.name}` and a {WIDTH} x {HEIGHT} film that was prepared before, "
        f"{rounds['one_heatmap']} rounds in turns with one heatmap and {rounds['all_heatmaps']} with every "
        f"one, median and range of all{told},"
    )
    lines = _markdown(samples)
    if missing:
        lines += ["", left_out(missing)]
    return Table(measured, "\n".join(lines), {"versions": others, "peers": short(samples)})


def _version(name: str) -> list[str]:
    return list((installed((name,)) or {}).values())


def _in_turns(asked: Asked, film: Path, peers: list[str], rounds: dict[str, int]) -> dict[str, Any]:
    activation = read_spec(asked.bundle).activation
    samples: dict[str, Any] = {}
    with ExitStack() as stack:
        subjects = {}
        for key in peers:
            log = asked.folder / f"{key}.log"
            peer = PEERS[key]
            subjects[key] = stack.enter_context(Subject(peer.module, asked.bundle, film, log, *peer.more))
            said: dict[str, Any] = {}
            for point in peer.points:
                said |= subjects[key].reached(point)[1]
            if key == _OURS:
                ours = Answer(probabilities_of(said["logits"], activation), np.asarray(said["heatmaps"]))
                samples[key] = {"apart": {}}
            else:
                samples[key] = {"apart": compared(ours, said, peer)}
            samples[key] |= {row: {"clock": [], "cpu": []} for row in rounds}
        for row, count in rounds.items():
            for subject in subjects.values():
                subject.ask(row)  # whatever is done once is done before the clock starts
            for _ in range(count):
                for key, subject in subjects.items():
                    passed = subject.ask(row)
                    samples[key][row]["clock"].append(1000.0 * passed["seconds"])
                    samples[key][row]["cpu"].append(1000.0 * passed["cpu_seconds"])
        for key, subject in subjects.items():
            samples[key]["uss_mib"] = subject.memory_mib()["uss"]
    return samples


def compared(ours: Answer, said: dict[str, Any], peer: Peer) -> dict[str, float]:
    """How far a peer's answer is from the app's.

    Raises
    ------
    RuntimeError
        When it is more than 0.001.
    """
    maps = np.nan_to_num(np.asarray(said["heatmaps"], np.float64))
    if peer.stretched:
        ours = Answer(ours.probabilities, of_own_range(ours.maps))
    else:
        maps = of_own_peak(maps)
    return apart(ours, Answer(np.asarray(said["probabilities"]), maps), f"{peer.title} and cxr-dash")


def _markdown(samples: dict[str, Any]) -> list[str]:
    lines = [
        "| what | probabilities and one heatmap | of CPU time | and every heatmap | of CPU time "
        "| private memory | cxr-dash is quicker by |",
        "|---|---|---|---|---|---|---|",
    ]
    for key, found in samples.items():
        cells = [
            spread(found[row][kind], "ms", 0 if median(found[row][kind]) >= 100.0 else 1)
            for row in _ROUNDS
            for kind in ("clock", "cpu")
        ]
        one, every = (median(found[row]["clock"]) / median(samples[_OURS][row]["clock"]) for row in _ROUNDS)
        ratio = f"{one:.1f} x and {every:.0f} x" if key != _OURS else ""
        cells += [f"{found['uss_mib']:.0f} MiB", ratio]
        lines.append(f"| {PEERS[key].title} | {' | '.join(cells)} |")
    return lines
