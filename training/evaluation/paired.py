"""Models on the same films: AUROC label by label, and whether the gap to the first model can be chance.

Two answers stand side by side. The interval of resampled patients draws all films of a patient together;
DeLong's test takes films as independent and is too sure where patients have several. Read the first; the
second is what other studies report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import Float64Array
from cxr_dash.errors import TrainingError
from cxr_dash.inference.schema import Interval
from training import metrics as m
from training.evaluation.delong import DeLongTest, delong_test
from training.evaluation.film_scores import FilmScores, assert_aligned
from training.evaluation.split_figures import BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED
from training.metrics import figure


@dataclass(frozen=True, slots=True)
class PairedRow:
    """One label of one model; difference and test against the first model, None for the first itself.

    ``test`` is None too where a label has fewer than two films of a kind, and for ``macro``.
    """

    label: str
    model: str
    auroc: Interval
    difference: Interval | None
    test: DeLongTest | None


def paired_rows(models: Sequence[tuple[str, FilmScores]]) -> list[PairedRow]:
    """Compare models on the same films, by label; the mean over labels first, called ``macro``.

    Parameters
    ----------
    models : sequence of (str, FilmScores)
        Name and scores; labels that not all have are left out.

    Raises
    ------
    TrainingError
        When there are fewer than two models, no label in common, or other films or truths.
    """
    names = [name for name, _ in models]
    shared = [key for key in models[0][1].labels if all(key in s.labels for _, s in models)] if models else []
    if len(models) < 2 or not shared:
        raise TrainingError(f"`compare` needs two or more models with a label in common; received {names}.")
    first = models[0][1]
    columns = {name: [scores.labels.index(key) for key in shared] for name, scores in models}
    for name, scores in models[1:]:
        assert_aligned(scores.paths, first.paths)
        if not (scores.targets[:, columns[name]] == first.targets[:, columns[names[0]]]).all():
            raise TrainingError(f"Models must be compared on the same truths; those of {name} differ.")
    truths = first.targets[:, columns[names[0]]]
    usable = [k for k in range(len(shared)) if 0 < truths[:, k].sum() < len(truths)]
    tables = [scores.probabilities[:, columns[name]] for name, scores in models]
    resampling = m.bootstrap_weights(first.groups, BOOTSTRAP_SAMPLES, BOOTSTRAP_SEED)
    rows = _rows("macro", names, [table[:, usable] for table in tables], truths[:, usable], resampling)
    for k in usable:
        rows += _rows(shared[k], names, [table[:, [k]] for table in tables], truths[:, [k]], resampling)
    return rows


def _rows(
    label: str,
    names: Sequence[str],
    tables: Sequence[Float64Array],
    truths: Float64Array,
    resampling: Float64Array,
) -> list[PairedRow]:
    """AUROC of each model, averaged over the columns, with the difference from the first model."""
    ones = np.ones((1, len(truths)))
    # what a sample has no value for depends on truths only, so that differences are of the same labels
    means = [
        tuple(m.label_mean(m.auroc, table, truths, weights) for weights in (ones, resampling))
        for table in tables
    ]
    rows = []
    for index, (name, (value, samples)) in enumerate(zip(names, means, strict=True)):
        difference, test = None, None
        if index:
            difference = m.interval(value - means[0][0], samples - means[0][1])
            if truths.shape[1] == 1 and label != "macro" and 2 <= truths.sum() <= len(truths) - 2:
                test = delong_test(tables[0][:, 0], tables[index][:, 0], truths[:, 0])
        rows.append(PairedRow(label, name, m.interval(value, samples), difference, test))
    return rows


def paired_lines(rows: Sequence[PairedRow]) -> list[str]:
    """One line a row, and what to make of them."""
    lines = []
    width = max(len(row.model) for row in rows)
    for row in rows:
        line = f"{row.label:20} {row.model:{width}} AUROC {figure(row.auroc, digits=3)}"
        if row.difference is not None:
            line += f"  difference {_signed(row.difference)}"
        if row.test is not None:
            line += f"  DeLong {_test_words(row.test)}"
        lines.append(line)
    return [
        *lines,
        "Intervals come from resampled patients. DeLong takes films as independent: it is too sure of itself "
        "where patients have several. p is not corrected for the number of labels.",
    ]


def _signed(difference: Interval) -> str:
    if difference.low is None or difference.high is None:
        return f"{difference.value:+.3f}"
    return f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"


def _test_words(test: DeLongTest) -> str:
    bounds = f"({test.low:+.3f} to {test.high:+.3f})"
    if test.z is None or test.p is None:
        return f"{bounds} cannot be tested: no variance"
    return f"{bounds} z {test.z:.2f} p {'< 0.0001' if test.p < 1e-4 else f'{test.p:.4f}'}"
