"""How far a reader who read first and the model agree on a list, as the page counted it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Normal or abnormal, on the films whose reading came before the model's answer.

    Attributes
    ----------
    films : int
        How many are counted.
    agreed, both_abnormal, both_normal, only_reader_abnormal, only_model_abnormal : int
        Films. The model counts as abnormal when a finding lies above its cut in force.
    kappa, kappa_low, kappa_high : float or None
        Cohen's kappa, -1 to 1, and its 95 % interval (Fleiss, Cohen and Everitt 1969); ``None`` where they
        cannot be estimated.
    changed : int
        Films on which both differed and the reader changed to the model's side afterwards.
    seen_before, without_answer : int
        Films that were read but are not counted: the answer had been on the screen, or there is none.
    """

    films: int
    agreed: int
    both_abnormal: int
    both_normal: int
    only_reader_abnormal: int
    only_model_abnormal: int
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    changed: int
    seen_before: int
    without_answer: int
