"""What the page is told of a model beside the chosen one: enough to state its answer."""

from __future__ import annotations

from cxr_dash.inference.bundle import Bundle
from cxr_dash.language import Translator
from cxr_dash.ui.facts import Json
from cxr_dash.ui.views import bundle_words


def other_model_facts(bundle: Bundle, t: Translator) -> Json:
    """Version, labels and default cuts.

    Returns
    -------
    dict
        ``id``, ``version``; ``labels``, each ``key`` and ``name``; ``thresholds``, label key to the
        probability of the default operating point, 0-1.
    """
    spec = bundle.spec
    return {
        "id": spec.id,
        "version": spec.version,
        "labels": [{"key": label.key, "name": bundle_words.label_name(label, t)} for label in spec.labels],
        "thresholds": spec.operating_point().thresholds,
    }
