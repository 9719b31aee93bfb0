"""Drawn chests among the adults: what is no film of a child must not look like one.

A head that learned from films alone called every drawn chest a child's, the one that the app shows to a
newcomer among them: a smooth picture has more of a child's film than of an adult's. Shown some, it tells.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import cv2

from cxr_dash.imaging.phantom import chest_phantom
from training.films.ages import AgeCollection, AgeFilm
from training.films.manifest import Film
from training.films.tones import EVERY_TONE, Change
from training.writing import whole_file

DRAWN = AgeCollection("Drawn chests", "")
# seed 0 is the chest that the app shows: it and its neighbours are nobody that the head learned from
_JUDGED, _LEARNED = range(24), range(1000, 1060)
_CHANGES: Mapping[str, Change] = {"as drawn": lambda film: film, **EVERY_TONE}
_SIDES = ((256, 256), (512, 512), (1024, 900), (900, 1024))


def drawn_adults(folder: Path) -> list[AgeFilm]:
    """Draw chests of many builds and tones, once, into a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing; pictures that lie there are taken as they are.

    Returns
    -------
    list of AgeFilm
        Of split ``train`` and ``test``, no chest in both; none of ``val``: limits are for films.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for split, seeds in (("train", _LEARNED), ("test", _JUDGED)):
        for seed, (name, change) in itertools.product(seeds, _CHANGES.items()):
            height, width = _SIDES[seed % len(_SIDES)]
            path = folder / f"chest-{seed}-{name.replace(' ', '-').replace(',', '')}.png"
            if not path.is_file():
                with whole_file(path) as partial:
                    cv2.imwrite(str(partial), change(chest_phantom(height, width, seed)))
            film = Film(path, frozenset(), split, group=str(seed))
            found.append(AgeFilm(film, child=False, collection=DRAWN))
    return found
