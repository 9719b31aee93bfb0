"""The share of films that are found, as the log of a run has it."""

from __future__ import annotations

import math

import numpy as np

from training.fitting.recall import mean_recall


def test_recall_is_the_mean_over_labels_of_the_films_that_are_found() -> None:
    truths = np.array([[1, 0], [1, 1], [1, 0], [0, 1]], float)
    logits = np.array([[2.0, 9.0], [-1.0, 0.5], [3.0, -1.0], [5.0, 0.1]])
    # of the first label two films of three, of the second two of two; what is found too often costs nothing
    assert mean_recall(logits, truths, softmax=False) == (2 / 3 + 1) / 2


def test_with_softmax_a_film_is_answered_once() -> None:
    truths = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]], float)
    logits = np.array([[2.0, 1.0, 0.0], [0.3, 0.2, 0.1], [-3.0, -2.0, -5.0]])
    assert mean_recall(logits, truths, softmax=True) == (1 + 1 / 2) / 2, "the third label has no film"


def test_without_any_film_that_has_a_label_there_is_no_recall() -> None:
    assert math.isnan(mean_recall(np.zeros((2, 1)), np.zeros((2, 1)), softmax=False))
