"""Is this a frontal chest film at all? Plain checks of grey levels and shape, before any model is asked.

Measured on the 7,961 shared frontal films of all sources (80 from other hospitals and 419 of lung sets among
them) and on 566 pictures that are none. The limits were chosen on these, so the figures describe them; on the
1,433 films of test splits, other hospitals and lung sets alone they are 1 rejected and 7 warned about:

=============================  =============  ======================================
pictures                       rejected       warned about (low resolution not counted)
=============================  =============  ======================================
frontal chest films, 7,961     3 (0.04 %)     56 (0.7 %)
other pictures, 566            413 (73 %)     87 (15 %)
CT, MRI, documents at 64 px    all of 192     -
screenshots, 64                62             2
ultrasound, 111                82             24
photographs shown in grey, 59  34             22
hand radiographs, 42           34             3
CT slices on a page, 51        7              31
lateral chest films, 47        2              5
=============================  =============  ======================================

Counted with the first preparation. With the second (the film is found before it is measured), 7 of 1,612 of
these films and 23 of 614 of the gate's pictures have another verdict: five dark-margined films of JSRT are no
longer called too bright, and 12 pictures that were refused are warned about.

Of the three frontal films one is upside down, one is oblique, and one has a broad dark bar below it. What
passes (lateral films, most CT slices on a page) is left to the distance of the model's embedding
(``inference.distribution``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxr_dash.domain import PreparationSpec, Quality, Radiograph, Reason, ReasonCode, Verdict
from cxr_dash.imaging.find import cut_film, find_levels
from cxr_dash.imaging.polarity import chest_likeness
from cxr_dash.imaging.window import level_counts, window_table
from cxr_dash.imaging.wrapped import levels_wrapped

# Fewest distinct levels in a real 8-bit film: 109.
_BLANK_LEVELS, _FEW_LEVELS = 32, 100
# The tinted film among the originals has 0.04, a colour photograph 0.3 and more.
_COLOUR_REJECT, _COLOUR_WARN = 0.25, 0.01
# Largest share of one level in a real film: 0.36; half of all documents and screenshots exceed 0.66.
_ONE_TONE_SHARE = 0.42
# Median grey level inside the black margins, 0-255; real films: 49 to 246, 99.4 % within 84 to 219.
_DARK_REJECT, _DARK_WARN, _BRIGHT_WARN, _BRIGHT_REJECT = 56.0, 75.0, 225.0, 240.0
# Likeness (`chest_likeness`) of real films: median 0.74, and 0.58 or more beyond the median's limits.
_LIKE_REJECT, _LIKE_WARN, _LIKE_WHEN_EXTREME = 0.0, 0.3, 0.57
_SMALL_SIDE = 200


@dataclass(frozen=True, slots=True)
class FilmMeasures:
    """What the checks look at.

    Attributes
    ----------
    levels : int
        Distinct grey levels inside the black margins.
    commonest_share : float
        Share of pixels, 0-1, at the commonest level.
    median : float
        Grey level 0-255 after window and polarity.
    likeness : float
        Correlation with the average chest film, -1 to 1, after polarity.
    inverted : bool
        Whether black and white are swapped.
    wrapped : bool
        Whether levels ran over the end of their range.
    """

    levels: int
    commonest_share: float
    median: float
    likeness: float
    inverted: bool
    wrapped: bool


def measure_film(radiograph: Radiograph) -> FilmMeasures:
    """Take the measures of one film."""
    found = find_levels(radiograph, PreparationSpec())
    kept = cut_film(radiograph.pixels, found.crop)
    counts = level_counts(kept)
    total = float(counts.sum(dtype=np.float64))
    median_level = int(np.searchsorted(np.cumsum(counts, dtype=np.float64), total / 2.0))
    table = window_table(kept.dtype, found.low, found.high, inverted=found.inverted)
    return FilmMeasures(
        levels=int(np.count_nonzero(counts)),
        commonest_share=float(counts.max()) / total,
        median=float(table[median_level]),
        likeness=chest_likeness(kept, (found.low, found.high), inverted=found.inverted),
        inverted=found.inverted,
        wrapped=levels_wrapped(kept),
    )


def check_film(radiograph: Radiograph) -> Quality:
    """Check one film.

    Parameters
    ----------
    radiograph : Radiograph

    Returns
    -------
    Quality
        ``reject`` where it is plainly no chest film, ``warn`` where a reader should know something, ``ok``
        otherwise; the reasons worst first.
    """
    measures = measure_film(radiograph)
    faults = _faults(measures, radiograph.colour_fraction)
    cautions = _cautions(measures, radiograph)
    if faults:
        turned = (code for code in cautions if code is ReasonCode.INVERTED)
        return Quality(Verdict.REJECT, tuple(map(Reason, (*faults, *turned))))
    return Quality(Verdict.WARN if cautions else Verdict.OK, tuple(map(Reason, cautions)))


def _faults(measures: FilmMeasures, colour_fraction: float) -> tuple[ReasonCode, ...]:
    if measures.levels < _BLANK_LEVELS:
        return (ReasonCode.BLANK,)
    unlike_enough = measures.likeness < _LIKE_WHEN_EXTREME
    checks = (
        (measures.wrapped, ReasonCode.LEVELS_WRAPPED),
        (colour_fraction > _COLOUR_REJECT, ReasonCode.IN_COLOUR),
        (measures.commonest_share > _ONE_TONE_SHARE, ReasonCode.ONE_FLAT_TONE),
        (measures.median < _DARK_REJECT and unlike_enough, ReasonCode.MOSTLY_BLACK),
        (measures.median > _BRIGHT_REJECT and unlike_enough, ReasonCode.MOSTLY_WHITE),
        (measures.likeness < _LIKE_REJECT, ReasonCode.NOT_UPRIGHT),
    )
    return tuple(code for failed, code in checks if failed)


def _cautions(measures: FilmMeasures, radiograph: Radiograph) -> tuple[ReasonCode, ...]:
    checks = (
        (measures.likeness < _LIKE_WARN, ReasonCode.HARDLY_UPRIGHT),
        (measures.inverted, ReasonCode.INVERTED),
        (measures.median < _DARK_WARN, ReasonCode.VERY_DARK),
        (measures.median > _BRIGHT_WARN, ReasonCode.VERY_BRIGHT),
        (measures.levels < _FEW_LEVELS, ReasonCode.FEW_TONES),
        (min(radiograph.width, radiograph.height) < _SMALL_SIDE, ReasonCode.LOW_RESOLUTION),
        (radiograph.colour_fraction > _COLOUR_WARN, ReasonCode.COLOURED_MARKS),
    )
    return tuple(code for raised, code in checks if raised)
