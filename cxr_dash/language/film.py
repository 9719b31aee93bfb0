"""What a file says of its film and its patient, in one line each for people."""

from __future__ import annotations

import math

from cxr_dash.domain import FilmFacts, PatientIdentity
from cxr_dash.language.translator import Translator

_YEARS_FROM = 2.0
_BETWEEN = " · "


def say_facts(facts: FilmFacts, t: Translator) -> str:
    """Projection, age and sex as a line, ``PA, 64 years, F``; empty where the file says none of them.

    Parameters
    ----------
    facts : FilmFacts
    t : Translator
    """
    views = {"PA": "PA", "AP": "AP", "LATERAL": t("lateral view"), "OTHER": t("another view")}
    view = views[facts.projection] if facts.projection else ""
    return ", ".join(part for part in (view, _age(facts.age_years, t), facts.sex or "") if part)


def _age(years: float | None, t: Translator) -> str:
    if years is None:
        return ""
    if years < _YEARS_FROM:
        return t.plural("{n} month", "{n} months", math.floor(years * 12 + 1e-6))
    return t.plural("{n} year", "{n} years", math.floor(years))


def say_identity(identity: PatientIdentity, t: Translator) -> str:
    """Who the patient is, as a line; only for whoever may show it (``CXR_SHOW_IDENTITY``).

    Parameters
    ----------
    identity : PatientIdentity
        Of what the file does not say nothing is said. Dates stay ISO 8601: they mean the same everywhere.
    t : Translator
    """
    parts = (
        identity.name,
        t("ID {number}", number=identity.patient_id) if identity.patient_id else "",
        t("born {day}", day=identity.birth_date) if identity.birth_date else "",
        t("study {day}", day=identity.study_date) if identity.study_date else "",
        t("accession {number}", number=identity.accession_number) if identity.accession_number else "",
    )
    return _BETWEEN.join(part for part in parts if part)
