"""The frozen dataclasses that rooms pass to one another.

Conventions: pictures are row-major ``(H, W)``; a point is ``(x, y)``; a size is named ``width`` and
``height``; grey levels of a model input run from 0 (air, black) to 255 (bone, white).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
GreyArray = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a file may be before any of its pixels is decoded.

    Attributes
    ----------
    max_bytes : int
        Largest file, in bytes.
    max_pixels : int
        Largest width x height.
    min_side : int
        Shortest allowed side, in pixels.
    max_aspect_ratio : float
        Largest long side / short side.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 24
    max_aspect_ratio: float = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """A decoded film, upright, in grey.

    Attributes
    ----------
    pixels : ndarray of uint8 or uint16, shape (H, W)
        Stored grey levels, unscaled, after the EXIF orientation was applied.
    bits : int
        Bits per sample of the file: 1, 2, 4, 8 or 16.
    file_format : str
        ``"png"``, ``"jpeg"`` or ``"webp"``.
    sha256 : str
        Hex digest of the file's bytes.
    colour_fraction : float
        Share of pixels, 0-1, whose channels differ noticeably: 0 for a grey film.
    """

    pixels: GreyArray
    bits: int
    file_format: str
    sha256: str
    colour_fraction: float = 0.0

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])


@dataclass(frozen=True, slots=True)
class PreparationSpec:
    """How a film becomes a model input; part of the bundle, the same in training and in serving.

    Attributes
    ----------
    height, width : int
        Model input size, pixels.
    window_low_percentile, window_high_percentile : float
        Grey levels at these percentiles (0-100) of the film are mapped to 0 and 255, linearly, clipped.
    polarity : str
        ``"auto"`` turns a film around that is white where air should be (MONOCHROME1-like);
        ``"keep"`` never does.
    crop_borders : bool
        Cut off black margins before the letterbox.
    pad_value : float
        Grey level, 0-255, of the letterbox bars.
    region : str
        ``"film"`` keeps the film (less its black margins); ``"lungs"`` the box around the lungs, and the
        film where no lungs were found.
    region_margin : float
        What is kept around the lungs, as a share of their box's width (left and right) and height (above and
        below).
    fit : str
        ``"letterbox"`` shows all of the region between bars; ``"centre_crop"`` its middle, without bars.
        Neither stretches it.
    window_region : str
        Whose grey levels the percentiles are of: all of the ``"film"``, or the ``"crop"`` that is kept, so
        that letters and borders outside it have no say.
    """

    height: int = 224
    width: int = 224
    window_low_percentile: float = 0.5
    window_high_percentile: float = 99.5
    polarity: str = "auto"
    crop_borders: bool = True
    pad_value: float = 0.0
    region: str = "film"
    region_margin: float = 0.05
    fit: str = "letterbox"
    window_region: str = "film"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: columns ``x .. x + width``, rows ``y .. y + height``."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was done to one film, in order; enough to repeat it and to undo its geometry.

    Attributes
    ----------
    film_width, film_height : int
        The film's own frame, pixels.
    window_low, window_high : float
        Stored grey levels mapped to 0 and 255.
    inverted : bool
        Whether black and white were swapped.
    crop : Box
        What was kept, in the film's frame.
    content : Box
        Where the crop lies in the model input, between the letterbox bars.
    input_width, input_height : int
        Model input size, pixels.
    pad_value : float
        Grey level of the bars, 0-255.
    region : str
        ``"lungs"`` where the crop is the box around the lungs, else ``"film"``.
    """

    film_width: int
    film_height: int
    window_low: float
    window_high: float
    inverted: bool
    crop: Box
    content: Box
    input_width: int
    input_height: int
    pad_value: float
    region: str = "film"


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


@dataclass(frozen=True, slots=True)
class Label:
    """One class or finding of a model: its stable key and its names for people."""

    key: str
    name_en: str
    name_es: str


@dataclass(frozen=True, slots=True, eq=False)
class RawOutput:
    """What a model says about one film, before calibration.

    Attributes
    ----------
    logits : ndarray of float32, shape (C,)
        One per label, unbounded.
    cams : ndarray of float32, shape (C, h, w)
        Grad-CAM's weighted sum of the last feature map for every label's logit, before ReLU;
        unit: logits per cell.
    embedding : ndarray of float32, shape (D,)
        The pooled features.
    """

    logits: Float32Array
    cams: Float32Array
    embedding: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Where in the film the evidence for one label lies.

    Attributes
    ----------
    values : ndarray of float32, shape (h, w)
        ReLU of the class activation map on the model's own grid, >= 0, un-normalised, unit: logits per cell.
    peak : float
        Largest value over the film, letterbox bars left out; kept so that films can be compared and a weak
        map is never stretched to look strong.
    flat : bool
        True when there is no localised evidence to show.
    preparation : Preparation
        How to bring the grid back into the film's own frame.
    """

    values: Float32Array
    peak: float
    flat: bool
    preparation: Preparation


TrustRegion = Literal["lungs", "heart", "chest"]
TrustVerdict = Literal["good", "caution", "poor", "none"]


@dataclass(frozen=True, slots=True)
class HeatTrust:
    """How far one label's heat on one film may be trusted.

    Attributes
    ----------
    region : {"lungs", "heart", "chest"}
        Where this label's heat is expected; ``heart`` is heart and mediastinum.
    flat : bool
        Whether there is no localised evidence: then nothing else is judged.
    inside : float or None
        Share of the heat inside the region, 0-1; None where the lungs are not known.
    correlation : float or None
        Least correlation, -1 to 1, of the map with those of the film shifted a little.
    drift : float
        Largest change of the probability under the same shifts, 0-1.
    verdict : {"good", "caution", "poor", "none"}
        ``poor``: most of the heat lies outside; ``caution``: unstable, or the region is not known;
        ``none``: nothing to judge.
    sentence : str
        The same in words.
    """

    region: TrustRegion
    flat: bool
    inside: float | None
    correlation: float | None
    drift: float
    verdict: TrustVerdict
    sentence: str


class Verdict(StrEnum):
    """Whether a film is one the model may be asked about."""

    OK = "ok"
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the input gate says.

    Attributes
    ----------
    verdict : Verdict
        ``reject`` means the probabilities must not be read.
    reasons : tuple of str
        In words, worst first; empty when ``ok``.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One label's answer for one film.

    Attributes
    ----------
    label : Label
    logit : float
        As the model gave it.
    probability : float
        Calibrated, 0-1.
    threshold : float
        The bundle's default operating point for this label, 0-1.
    """

    label: Label
    logit: float
    probability: float
    threshold: float

    @property
    def above(self) -> bool:
        """Whether the probability reaches the default threshold."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything one model says about one film; immutable.

    Attributes
    ----------
    model_id, model_version, model_sha256 : str
        Which model, and the digest of the file that answered.
    film_sha256 : str
        Digest of the uploaded bytes.
    preparation : Preparation
    quality : Quality
    findings : tuple of Finding
        In the bundle's label order.
    heatmaps : dict of str to Heatmap
        By label key.
    milliseconds : dict of str to float
        Time spent per stage: ``decode``, ``lungs`` where they were looked for, ``prepare``, ``model``,
        ``total``.
    analysed_at : str
        UTC, ISO 8601.
    lungs : LungField or None
        None where no segmenter is installed.
    trust : dict of str to HeatTrust
        By label key; empty where the trust report is switched off.
    """

    model_id: str
    model_version: str
    model_sha256: str
    film_sha256: str
    preparation: Preparation
    quality: Quality
    findings: tuple[Finding, ...]
    heatmaps: dict[str, Heatmap]
    milliseconds: dict[str, float]
    analysed_at: str
    lungs: LungField | None = None
    trust: dict[str, HeatTrust] = field(default_factory=dict)
