"""Films of children and of adults, to learn to tell them apart by, and to measure on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.films.manifest import Film, read_manifest

CHILDREN_BELOW_YEARS = 10
ADULTS_FROM_YEARS = 18
# what the manifests call age groups where they know no age
_CHILD, _ADULT = "paediatric", "adult"
_NIH = "NIH ChestX-ray14 (USA)"
_LEARNED = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class AgeCollection:
    """Films of one place and how their age groups are known.

    Attributes
    ----------
    name : str
        As figures call it; films of one name are one collection, whatever manifest they stand in.
    manifest : str
        Relative to the data folder.
    sources : tuple of str
        Of the manifest; empty: all.
    children : bool
        Everybody in it is a child: its publisher says so and gives no ages.
    adults : bool
        Everybody in it is taken for an adult: it gives no ages, and its disease is one of adults there.
    learned : bool
        Whether its train films train the head and its val films choose limits; else all of it is measured.
    most : int or None
        Train films, and measured ones, beyond this number add nothing but time.
    """

    name: str
    manifest: str
    sources: tuple[str, ...] = ()
    children: bool = False
    adults: bool = False
    learned: bool = True
    most: int | None = None


COLLECTIONS: tuple[AgeCollection, ...] = (
    AgeCollection(_NIH, "findings/manifest.csv"),
    AgeCollection(_NIH, "findings_small/manifest.csv", most=3000),
    AgeCollection("Kermany (Guangzhou, China)", "paediatric/manifest.csv", children=True, most=1500),
    AgeCollection("BIMCV-COVID19+ (Spain)", "covid/manifest.csv", ("radiodb-bimcv",), most=400),
    AgeCollection("Hannover (Germany)", "covid/manifest.csv", ("hannover-mhh",)),
    AgeCollection("Tuberculosis (Pakistan)", "tuberculosis/manifest.csv", adults=True, most=400),
    AgeCollection("TBX11K (China)", "tuberculosis_boxes/manifest.csv", adults=True, most=400),
    AgeCollection("armiro COVID-CXNet (web)", "covid/manifest.csv", ("armiro-cxnet",), learned=False),
)


@dataclass(frozen=True, slots=True)
class AgeFilm:
    """A film whose age group is known.

    Attributes
    ----------
    film : Film
    child : bool
        Younger than :data:`CHILDREN_BELOW_YEARS`; else :data:`ADULTS_FROM_YEARS` or older.
    collection : AgeCollection
    """

    film: Film
    child: bool
    collection: AgeCollection

    @property
    def part(self) -> str:
        """What the film is for: ``train``, ``val`` or ``test``."""
        return self.film.split if self.collection.learned else "test"


def read_age_films(data_root: Path, collections: Sequence[AgeCollection] = COLLECTIONS) -> list[AgeFilm]:
    """Films of small children and of adults; those in between, and of unknown age, are left out.

    Parameters
    ----------
    data_root : Path
    collections : sequence of AgeCollection

    Returns
    -------
    list of AgeFilm
        Never a film of split ``external``; of each collection and part at most so many adults, or children
        of a publisher without ages, as it says: evenly picked in the order of the manifest.

    Raises
    ------
    TrainingError
        When a manifest cannot be used.
    """
    found: list[AgeFilm] = []
    for collection in collections:
        films = [
            AgeFilm(film, child, collection)
            for film in read_manifest(data_root / collection.manifest, leave_out={})
            if film.split in _LEARNED and (not collection.sources or film.source in collection.sources)
            if (child := _is_child(film, collection)) is not None
        ]
        for part in _LEARNED:
            here = [one for one in films if one.part == part]
            many = [one for one in here if collection.children or not one.child]
            found += [one for one in here if one.child and not collection.children]
            found += _evenly(many, collection.most)
    return found


def _is_child(film: Film, collection: AgeCollection) -> bool | None:
    """True, False, or None where it is not known or neither."""
    if collection.children or collection.adults:
        return collection.children
    if film.age is not None:
        if film.age >= ADULTS_FROM_YEARS:
            return False
        return True if film.age < CHILDREN_BELOW_YEARS else None
    return {_CHILD: True, _ADULT: False}.get(film.population)


def _evenly(films: list[AgeFilm], most: int | None) -> list[AgeFilm]:
    if most is None or len(films) <= most:
        return films
    return [films[round(index * len(films) / most)] for index in range(most)]
