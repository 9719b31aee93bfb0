"""The entry ``trunk`` of a bundle: whose features its head reads."""

from __future__ import annotations

from pydantic import Field

from cxr_dash.inference.schema_figures import Frozen, Key, Sha256


class Trunk(Frozen):
    """The bundle whose compiled graph makes the features of this one's head: one run of it answers both.

    The bundle is whole without it: its own graph gives the same answers.
    """

    id: Key
    sha256: Sha256 = Field(description="Of the trunk's compiled graph; a head does not fit any other.")
