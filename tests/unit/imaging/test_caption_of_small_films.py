"""A picture of a film of a few pixels has a caption too, if with no room for its colours."""

from __future__ import annotations

import pytest

from cxr_dash import imaging
from cxr_dash.imaging.caption import Caption


@pytest.mark.parametrize("width", [1, 24, 60, 99])
def test_a_caption_is_as_wide_as_the_film_however_narrow(width: int) -> None:
    caption = Caption("Film", ("What it shows.",), ("none", "strong"), imaging.colour_table("inferno"))
    strip = imaging.caption_strip(caption, width)
    assert strip.shape[1:] == (width, 3)
