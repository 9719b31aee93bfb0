"""A label's heatmap with everything that the bundle says about such maps."""

from __future__ import annotations

from cxr_dash.domain import Float32Array, Heatmap, Preparation
from cxr_dash.explain import make_heatmap
from cxr_dash.inference.places import why_no_place
from cxr_dash.inference.schema import BundleSpec


def label_heatmap(spec: BundleSpec, label_key: str, cam: Float32Array, preparation: Preparation) -> Heatmap:
    """The map of one label as it is shown: its fixed scale, and whether its place may be named.

    Parameters
    ----------
    spec : BundleSpec
    label_key : str
    cam : ndarray of float32, shape (h, w)
        Before ReLU, logits per cell.
    preparation : Preparation
    """
    return make_heatmap(
        cam,
        spec.heat_reference[label_key],
        preparation,
        scale=spec.heat_scale(label_key),
        no_place=why_no_place(spec, label_key),
    )
