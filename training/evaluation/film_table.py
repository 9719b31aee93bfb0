"""Films as a reader meets them: one with a finding, or one without, on which nothing should be flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cxr_dash.domain import REASSURING_LABELS, SUMMARY_LABELS, Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class FilmTable:
    """Calibrated probabilities and truths of films.

    Attributes
    ----------
    probabilities, targets : ndarray of float64, shape (n, C)
        0-1; 0 or 1.
    keys : sequence of str
        Labels, in the order of the columns.
    groups : sequence of str, length n
        Patients.
    """

    probabilities: Float64Array
    targets: Float64Array
    keys: Sequence[str]
    groups: Sequence[str]

    @property
    def flags(self) -> list[int]:
        """Columns whose calls are flags on a film: all but good news."""
        return [k for k, key in enumerate(self.keys) if key not in REASSURING_LABELS]

    @property
    def named(self) -> list[int]:
        """Flags that name a finding; the label that sums them up only where it stands alone."""
        named = [k for k in self.flags if self.keys[k] not in SUMMARY_LABELS]
        return named or self.flags

    @property
    def summary(self) -> int | None:
        """The column of the label that sums up the others; None where there is none, or nothing else."""
        rest = [k for k in self.flags if k not in self.named]
        return rest[0] if rest else None

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Films on which no flag would be true, shape (n,)."""
        return np.asarray((self.targets[:, self.flags] < 0.5).all(axis=1))

    def films(self, rows: NDArray[np.bool_]) -> FilmTable:
        """Some of the films."""
        groups = [group for group, taken in zip(self.groups, rows, strict=True) if taken]
        return replace(
            self, probabilities=self.probabilities[rows], targets=self.targets[rows], groups=groups
        )

    def called(self, thresholds: Mapping[str, float]) -> NDArray[np.bool_]:
        """Whether each label is called on each film, shape (n, C); good news is no flag: False."""
        cuts = np.array([thresholds[key] for key in self.keys])
        called = self.probabilities >= cuts
        for column in range(len(self.keys)):
            if column not in self.flags:
                called[:, column] = False
        return np.asarray(called)
