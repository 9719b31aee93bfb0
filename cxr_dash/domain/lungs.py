"""Where lungs and heart are, and what that says about the film."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
    heart : ndarray of float32, shape (h, w), or None
        Of heart, on the same grid; None where the segmenter does not draw it.
    """

    probability: Float32Array
    preparation: Preparation
    heart: Float32Array | None = None


class RatioObstacle(StrEnum):
    """Why no cardiothoracic ratio can be measured on a film. Programs compare these: none is renamed."""

    NO_LUNGS = "no_lungs"
    ONE_LUNG = "one_lung"
    LUNGS_CUT_OFF = "lungs_cut_off"
    ROTATED = "rotated"
    NO_HEART = "no_heart"
    IMPLAUSIBLE = "implausible"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class HeartMeasures:
    """What the outlines of heart and lungs say together.

    Attributes
    ----------
    ratio : float or None
        Cardiothoracic ratio, 0-1: the widest the heart is over the widest the thorax is inside.
    obstacle : RatioObstacle or None
        Why there is no ratio; None where there is one.
    side : float or None
        How clearly heart and lungs lie as on a film that was not turned over, a logit: above 0 as usual,
        below 0 the other way round. None where no lungs were found, or there is no :class:`SideRule`.
    mirrored : bool
        Whether ``side`` lies below the rule's limit.
    """

    ratio: float | None
    obstacle: RatioObstacle | None
    side: float | None = None
    mirrored: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SideRule:
    """How to tell a mirrored film by its outlines, and by which of its coarse cells are brighter than others.

    Attributes
    ----------
    weights : ndarray of float32, shape (2 or 3, n, n / 2)
        Of the left half of the outlines of lungs and heart, and of the ranks of the film's cells, less the
        right half turned over: a film and the same one turned over get opposite answers. A rule without the
        third looks at outlines alone.
    said_below : float
        A logit below which a film is said to seem mirrored.
    """

    weights: Float32Array
    said_below: float


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
