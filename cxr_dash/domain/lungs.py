"""Where the lungs are, and what that says about the film."""

from __future__ import annotations

from dataclasses import dataclass

from cxr_dash.domain.film import Float32Array
from cxr_dash.domain.preparation import Preparation


@dataclass(frozen=True, slots=True, eq=False)
class LungField:
    """Where the lungs are, as the segmenter sees them.

    Attributes
    ----------
    probability : ndarray of float32, shape (h, w)
        Of lung, either lung, 0-1, on the segmenter's own grid, which spans its whole input.
    preparation : Preparation
        How the film came to that grid, and how to bring it back into the film's own frame.
    """

    probability: Float32Array
    preparation: Preparation


@dataclass(frozen=True, slots=True)
class LungMeasures:
    """What a lung field says about the film; left and right are those of the picture.

    Attributes
    ----------
    area_share : float
        Lungs' share of the film, 0-1.
    parts : int
        Separate pieces that are large enough to be a lung: two on most films; 0 where there are no lungs.
    left_share, right_share : float
        The same share for what lies left and right of the middle between them.
    balance : float
        Smaller over larger of the two, 0-1.
    touches : tuple of str
        Borders of the film that cut the lungs: ``top``, ``bottom``, ``left``, ``right``.
    certainty : float
        Mean probability of lung inside the outline, 0-1; near 0.5 where the segmenter guesses.
    """

    area_share: float
    parts: int
    left_share: float
    right_share: float
    balance: float
    touches: tuple[str, ...]
    certainty: float
