"""``python -m training.bench.worker BACKEND PRECISION``: times networks as it is told on stdin.

A process of its own for each backend, because Keras can only have one. One JSON object a line, both ways.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, cast

import numpy as np

from training.backend import graphics, use_backend
from training.fitting.precision import computing_in
from training.recipe import Precision

LABELS = 2


class Bencher:
    """The network that is being timed."""

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
        self._computing = ExitStack()
        self._calls: dict[str, Callable[[int], float]] = {}

    def facts(self) -> dict[str, Any]:
        """Which devices the backend sees, and its version."""
        import keras

        name = str(keras.backend.backend())
        library = sys.modules[name]
        if name == "torch":
            # Keras lists no devices for it
            devices = graphics() or ["cpu"]
        else:
            devices = [str(device) for device in keras.distribution.list_devices()]
        return {"devices": ", ".join(devices), "version": library.__version__}

    def prepare(self, network: str, size: int, batch_size: int) -> dict[str, Any]:
        """Build a network and make the first call of each kind; seconds of both."""
        import keras

        from training.networks import build_network, split_at

        self._calls.clear()
        self._computing.close()
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        model = build_network(
            network, height=size, width=size, labels=LABELS, activation="softmax", dropout=0.2, weights=None
        )
        logits = split_at(model, None).tail
        logits.compile(keras.optimizers.Adam(1e-4), keras.losses.CategoricalCrossentropy(from_logits=True))
        # until the next network
        self._computing.enter_context(computing_in(self._precision, logits))
        films = np.random.default_rng(0).uniform(0, 255, (batch_size, size, size, 1)).astype(np.float32)
        truths = np.eye(LABELS, dtype=np.float32)[np.arange(batch_size) % LABELS]
        self._calls = {
            "train": lambda steps: _trained(logits, films, truths, steps),
            "predict": lambda steps: _predicted(logits, films, steps),
        }
        return {"first": {what: call(1) for what, call in self._calls.items()}}

    def time(self, what: str, at_least: float) -> dict[str, Any]:
        """Seconds per batch, over enough batches to take about ``at_least`` seconds."""
        call = self._calls[what]
        steps = max(3, round(at_least / max(call(2) / 2, 1e-5)))
        return {"seconds": call(steps) / steps}


def _trained(model: Any, films: Any, truths: Any, steps: int) -> float:
    """Seconds of some steps of ``fit`` with one batch held in memory: no decoding, no augmentation."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensors((films, truths)).repeat(steps)
    started = time.perf_counter()
    model.fit(batches, epochs=1, verbose=0, shuffle=False)
    return time.perf_counter() - started


def _predicted(model: Any, films: Any, steps: int) -> float:
    started = time.perf_counter()
    for _ in range(steps):
        model.predict_on_batch(films)
    return time.perf_counter() - started


def main() -> None:
    """Answer commands until stdin ends."""
    # a library that prints must not talk into the answers
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    use_backend(sys.argv[1])
    bencher = Bencher(cast(Precision, sys.argv[2]))
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(bencher, command.pop("do"))(**command)
        except Exception as error:  # such as too little memory: the other cases can still be timed
            answer = {
                "problem": f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
