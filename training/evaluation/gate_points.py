"""How sure the gate must be that a picture is a frontal chest film: two limits, chosen on ``val``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxr_dash.domain import Float64Array, LocalisedText
from cxr_dash.inference.schema import OperatingPoint
from training.films.gate.pictures import FRONTAL
from training.films.manifest import Film

REJECT_POINT, WARN_POINT = "reject", "warn"
# Share of the frontal films of val, as they are and changed, that may fall below each limit.
_REJECTED, _WARNED = 0.003, 0.015
# A limit above these would refuse or doubt films only because val holds none that is harder.
_HIGHEST = {REJECT_POINT: 0.7, WARN_POINT: 0.95}
_LOWEST = 0.02


def gate_points(
    probabilities: Float64Array, films: Sequence[Film], labels: Sequence[str], chosen_on: str
) -> list[OperatingPoint]:
    """The two operating points of a gate.

    Each is a probability of being a frontal film: below ``reject`` a picture is refused, below ``warn`` it is
    read with a warning. They are as high as lets 99.7 % and 98.5 % of the frontal films of val reach them,
    because what no film of val needs is room for pictures of kinds that nobody has shown the gate.

    Parameters
    ----------
    probabilities : ndarray, shape (n, C)
        Calibrated, of val.
    films : sequence of Film
    labels : sequence of str
    chosen_on : str
    """
    frontal = np.array([FRONTAL in film.labels for film in films])
    shares = probabilities[frontal, list(labels).index(FRONTAL)]
    reject, warn = (
        float(np.clip(np.quantile(shares, share), _LOWEST, _HIGHEST[key]))
        for key, share in ((REJECT_POINT, _REJECTED), (WARN_POINT, _WARNED))
    )
    passed = f"{1 - _REJECTED:.1%}"

    def point(key: str, name: LocalisedText, text: LocalisedText, limit: float) -> OperatingPoint:
        rounded = float(f"{limit:.4f}")
        return OperatingPoint(
            key=key,
            name=name,
            explanation=text,
            # the other labels are only compared with one another, never with a limit
            thresholds={label: rounded if label == FRONTAL else 0.5 for label in labels},
            chosen_on=chosen_on,
        )

    return [
        point(
            REJECT_POINT,
            LocalisedText(en="Refuse below", es="Rechazar por debajo"),
            LocalisedText(
                en=f"A picture less likely to be a frontal film is refused; at least {passed} of those of "
                "val are not.",
                es="Se rechaza la imagen cuya probabilidad de ser una placa frontal es menor; al menos el "
                f"{passed.replace('.', ',').replace('%', ' %')} de las de val no lo es.",
            ),
            reject,
        ),
        point(
            WARN_POINT,
            LocalisedText(en="Doubt below", es="Dudar por debajo"),
            LocalisedText(
                en="A picture less likely to be a frontal film is read with a warning.",
                es="La imagen cuya probabilidad de ser una placa frontal es menor se lee con una "
                "advertencia.",
            ),
            max(warn, reject),
        ),
    ]
