"""Which films are of one patient, and how far apart, told without saying who or when.

The page gets a patient's number and a film's moment under a key that its own browser holds and this server
does not keep (``cxr_dash.web.owners``): equal for films of one patient in one browser's session, of no use to
any other, and gone with it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from cxr_dash.domain import PatientIdentity

_TAG_CHARACTERS = 32
_FEWEST_CHARACTERS = 2
# moments are moved by up to a century, so that none tells the date
_MOST_MOVED_SECONDS = 100 * 365 * 24 * 3600
_BETWEEN = "\x1f"
_DAY_CHARACTERS = len("2024-02-29")


@dataclass(frozen=True, slots=True)
class PatientTag:
    """What the page may know of a film's patient.

    Attributes
    ----------
    patient : str
        32 hexadecimal digits: equal where number, issuer and date of birth are.
    taken : int or None
        Seconds between films of one patient are differences of it; by itself it says nothing. None where the
        file does not say when the film was taken.
    day_only : bool
        Whether the file gives the day alone: differences are then whole days.
    """

    patient: str
    taken: int | None
    day_only: bool


def patient_tag(identity: PatientIdentity | None, key: str) -> PatientTag | None:
    """The tag of a film, HMAC-SHA-256 (RFC 2104) of the patient's number, its issuer and the date of birth.

    Parameters
    ----------
    identity : PatientIdentity or None
        As the file says it.
    key : str
        A secret of the reader's session; empty where there is none.

    Returns
    -------
    PatientTag or None
        None where nothing is known: no number, no key, or a number that may be a placeholder ("0",
        "ANONYMOUS", "99999999"), by which two patients would be taken for one.
    """
    if identity is None or not key or not _tells_apart(identity.patient_id):
        return None
    patient = _BETWEEN.join((identity.issuer, identity.patient_id, identity.birth_date))
    tag = _digest(key, f"patient{_BETWEEN}{patient}").hex()[:_TAG_CHARACTERS]
    if not identity.taken:
        return PatientTag(tag, None, day_only=False)
    moved = int.from_bytes(_digest(key, f"moved{_BETWEEN}{patient}")[:8], "big") % _MOST_MOVED_SECONDS
    # no time zone: the clock on the wall, of which only differences are told
    since = datetime.fromisoformat(identity.taken) - datetime(1900, 1, 1)  # noqa: DTZ001
    seconds = round(since.total_seconds())
    return PatientTag(tag, seconds + moved, day_only=len(identity.taken) == _DAY_CHARACTERS)


def _tells_apart(number: str) -> bool:
    """Whether a number can be one patient's own: a digit that is not 0, and no one character repeated."""
    return len(set(number)) >= _FEWEST_CHARACTERS and any(one.isdecimal() and one != "0" for one in number)


def _digest(key: str, text: str) -> bytes:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
