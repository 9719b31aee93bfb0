"""``--prevalence``: how common findings are where the films come from."""

from __future__ import annotations

from collections.abc import Sequence

from cxr_dash.cli.console import warn
from cxr_dash.errors import RequestError
from cxr_dash.inference.schema import BundleSpec
from cxr_dash.services.prevalence import check_prevalences, everywhere


def read_prevalences(given: Sequence[str], spec: BundleSpec) -> dict[str, float]:
    """``finding=0.1`` for one label, ``0.05`` for every label; said on stderr, for whoever reads the output.

    Parameters
    ----------
    given : sequence of str
        As typed; of two for one label the later holds.
    spec : BundleSpec

    Raises
    ------
    RequestError
    """
    wanted: dict[str, float] = {}
    for text in given:
        name, sign, share = text.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            raise RequestError(
                f"`--prevalence` must be a share such as 0.05, or LABEL=SHARE; received {text!r}."
            ) from None
        wanted |= {name.strip(): value} if sign else everywhere(value, spec)
    check_prevalences(wanted, spec)
    if wanted:
        said = ", ".join(f"{key} {share:g}" for key, share in wanted.items())
        warn(f"Probabilities and thresholds of {spec.id} are stated at a prevalence of: {said}.")
    return wanted
