"""Lungs of a film, found once and used by all that ask: cropping, the input gate, the trust report."""

from __future__ import annotations

from cxr_dash import imaging
from cxr_dash.domain import Float32Array, HeartMeasures, LungField, Preparation, PreparationSpec, Radiograph
from cxr_dash.errors import BundleNotFoundError
from cxr_dash.imaging import apply_preparation, lung_box, measure_tilt, plan_preparation, tilt_to_undo
from cxr_dash.inference.bundle import SegmenterBundle
from cxr_dash.inference.runtime import RuntimePool


def find_lungs(radiograph: Radiograph, bundle: SegmenterBundle, runtimes: RuntimePool) -> LungField:
    """Run the segmenter on a film; see :func:`draw_lungs`."""
    return draw_lungs(radiograph, bundle, runtimes)[0]


def draw_lungs(
    radiograph: Radiograph, bundle: SegmenterBundle, runtimes: RuntimePool
) -> tuple[LungField, Float32Array]:
    """Run the segmenter on a film.

    Parameters
    ----------
    radiograph : Radiograph
    bundle : SegmenterBundle
    runtimes : RuntimePool

    Returns
    -------
    field : LungField
        Fit to be kept: no grey level of the film is in it.
    seen : ndarray of float32, shape (H, W)
        The film as the segmenter saw it, grey levels 0-255, for :func:`measure_heart`.

    Raises
    ------
    BundleError, BackendMissingError
        When the segmenter cannot be run.
    """
    preparation = plan_preparation(radiograph, bundle.spec.preparation)
    seen = apply_preparation(radiograph, preparation)
    drawn = dict(zip(bundle.spec.structures, runtimes.segmenter(bundle).run(seen), strict=True))
    return LungField(drawn["lungs"], preparation, drawn.get("heart")), seen[..., 0]


def measure_heart(lungs: LungField, seen: Float32Array, bundle: SegmenterBundle) -> HeartMeasures | None:
    """What heart and lungs say, by the rule of the segmenter that drew them; see :func:`draw_lungs`.

    Returns
    -------
    HeartMeasures or None
        None where it draws no heart.
    """
    side = bundle.spec.side
    return imaging.measure_heart(lungs, side.rule if side else None, seen)


def plan_with_lungs(radiograph: Radiograph, spec: PreparationSpec, lungs: LungField | None) -> Preparation:
    """Plan a film's preparation; the one way to do so wherever a spec may ask for the lungs.

    Parameters
    ----------
    radiograph : Radiograph
    spec : PreparationSpec
    lungs : LungField or None
        None where no segmenter is installed: no film is straightened then. A field without lungs gives the
        whole film.

    Raises
    ------
    BundleNotFoundError
        When the spec asks for lungs and there is no field: a model must not be shown other films than it
        learned from without a word.
    """
    if lungs is None and spec.region == "lungs":
        raise BundleNotFoundError(
            "A model that reads films cropped to the lungs needs a segmenter; no bundle of that kind is "
            "installed.",
            remedy="Put the bundle `lungs` into the models folder, or choose another model.",
        )
    if lungs is None:
        return plan_preparation(radiograph, spec)
    tilt = tilt_to_undo(measure_tilt(lungs)) if spec.straighten else 0.0
    box = lung_box(lungs) if spec.region == "lungs" else None
    return plan_preparation(radiograph, spec, box, tilt=tilt)
