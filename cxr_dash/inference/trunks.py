"""Which installed bundle has the features that a head reads: another model's, or the gate's for ages."""

from __future__ import annotations

import logging

from cxr_dash.errors import BundleError
from cxr_dash.inference.bundle import Bundle
from cxr_dash.inference.catalog import Catalog
from cxr_dash.inference.head import HEAD_FILE
from cxr_dash.inference.schema_age import AgeGroup

logger = logging.getLogger(__name__)


def trunk_bundle(catalog: Catalog, bundle: Bundle) -> Bundle | None:
    """The installed bundle whose compiled graph can answer for another's head.

    Returns
    -------
    Bundle or None
        None where ``bundle`` has a network of its own, and where its trunk is not installed exactly as it was
        when the head was made, or prepares films otherwise: the bundle's own graph answers then.
    """
    trunk = bundle.spec.trunk
    if trunk is None or HEAD_FILE not in bundle.spec.files:
        return None
    try:
        found = catalog.get(trunk.id)
    except BundleError:
        found = None
    fits = (
        found is not None
        and found.serving_path is not None
        and found.serving_sha256 == trunk.sha256
        and found.spec.preparation == bundle.spec.preparation
    )
    if fits:
        return found
    logger.warning("%s runs by its own graph: its trunk %s is not installed as it was", bundle.id, trunk.id)
    return None


def answered_together(catalog: Catalog, bundle: Bundle) -> list[Bundle]:
    """Every classifier that one run of the bundle's trunk answers, itself among them; sorted by id."""
    trunk = trunk_bundle(catalog, bundle) or bundle
    every = [one for one in catalog.bundles() if isinstance(one, Bundle) and one.kind == "classifier"]
    return [one for one in every if one.id == bundle.id or (trunk_bundle(catalog, one) or one).id == trunk.id]


def reads_alike(bundle: Bundle, group: AgeGroup) -> bool:
    """Whether a bundle's features are those of the head's trunk."""
    own = bundle.spec.trunk.sha256 if bundle.spec.trunk is not None else bundle.serving_sha256
    return own == group.trunk.sha256


def trunk_of(catalog: Catalog, group: AgeGroup) -> Bundle | None:
    """The head's trunk, or one that reads the same features; None where neither is installed."""
    for bundle in catalog.bundles():
        if isinstance(bundle, Bundle) and reads_alike(bundle, group):
            return bundle
    return None


def missing_trunk(catalog: Catalog) -> str | None:
    """The id of the trunk that the gate needs and has not got; None where nothing is missing."""
    gate = catalog.tool("gate")
    group = gate.spec.age_group if gate is not None else None
    return None if group is None or trunk_of(catalog, group) is not None else group.trunk.id
