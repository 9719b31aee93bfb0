"""One tree for everything that can go wrong and that a person can do something about.

Every error carries a stable ``code`` (for logs, JSON and translations), a ``message`` of the form
"`x` must be ...; received ..." and a ``remedy`` that says what to do next. They are translated into a
screen, an HTTP status or a CSV row in one place each: ``ui.views``, ``web`` and ``cli``.
"""

from __future__ import annotations

from cxr_dash.words import Words

# What stands in a table's place for a code where the fault is ours.
UNEXPECTED = "unexpected"


class CxrError(Exception):
    """Base of every error that cxr-dash raises on purpose.

    Parameters
    ----------
    message : str
        What was expected and what was received: a sentence, or a format string over ``values``.
    remedy : str
        What the reader can do about it, likewise; may be empty.
    **values
        The figures of both. Sentences that readers of the page may meet are written with them, so that they
        can be translated: ``words`` and ``remedy_words`` keep both apart.
    """

    code = "error"
    lasts = False  # whether the same asked again is sure to fail again

    def __init__(self, message: str, *, remedy: str = "", **values: object) -> None:
        self.words = Words(message, values)
        self.remedy_words = Words(remedy, values)
        super().__init__(str(self.words))
        self.message = str(self.words)
        self.remedy = str(self.remedy_words)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class FilmError(CxrError):
    """The uploaded file is not a film that can be read."""

    code = "film"
    lasts = True


class EmptyFileError(FilmError):
    """The file has no bytes."""

    code = "empty_file"


class UnsupportedFormatError(FilmError):
    """The file is no still picture in a format that is read."""

    code = "unsupported_format"


class CorruptFileError(FilmError):
    """The file says it is a picture but ends early or does not decode."""

    code = "damaged"


class FilmTooLargeError(FilmError):
    """The file, or the picture in it, is larger than the settings allow."""

    code = "film_too_large"


class FilmShapeError(FilmError):
    """The picture is too small or too elongated to be a chest film."""

    code = "film_shape"


class BundleError(CxrError):
    """A model bundle cannot be used."""

    code = "bundle"
    lasts = True


class BundleNotFoundError(BundleError):
    """No bundle of that id is in the models folder."""

    code = "bundle_not_found"


class BundleMismatchError(BundleError):
    """The files of a bundle do not match its ``bundle.json``, or the schema is not one this version reads."""

    code = "bundle_mismatch"


class LabelNotFoundError(BundleError):
    """The model has no such label."""

    code = "label_not_found"


class BackendMissingError(CxrError):
    """A bundle needs a library that is not installed here."""

    code = "backend_missing"
    lasts = True


class CaseNotFoundError(CxrError):
    """The film is no longer kept: its time ran out, it was cleared, or the key is wrong."""

    code = "case_not_found"


class StorageError(CxrError):
    """The cache cannot keep a film: its folder is full, read-only or gone."""

    code = "storage"


class QuotaError(StorageError):
    """One reader keeps as many films as one may."""

    code = "quota"


class CacheFolderError(StorageError):
    """The folder in which films wait is not this server's own."""

    code = "cache_folder"


class LibraryError(CxrError):
    """The reference library cannot be used, or cannot be built."""

    code = "library"


class LibraryNotFoundError(LibraryError):
    """There is no reference library on this server, or none for this model, or no such case in it."""

    code = "library_missing"
    lasts = True


class LibraryMismatchError(LibraryError):
    """The library was built with another version of the model, or built anew since the page asked."""

    code = "library_mismatch"


class RequestError(CxrError):
    """A value that came with a request is outside what is allowed."""

    code = "request"


class RequestTooLargeError(RequestError):
    """More came with a request than any such request can need."""

    code = "request_too_large"


class QuestionError(RequestError):
    """What came for the page's own callbacks is nothing that the page asks."""

    code = "question"


class AddressError(RequestError):
    """Nothing is at the address that was asked for."""

    code = "address_not_found"


class NoLevelsError(RequestError):
    """A film of 8 bits was asked for levels beyond its picture."""

    code = "no_levels"


class MethodError(RequestError):
    """The address is answered, but not with the method that was used."""

    code = "method_not_allowed"


class UploadError(RequestError):
    """What came with an upload is not exactly one file."""

    code = "upload"


class UploadTypeError(UploadError):
    """The body of an upload is said to be something else than a file, and is none."""

    code = "upload_type"


class UploadBrokenError(UploadError):
    """The body of an upload ends early, or its form cannot be taken apart."""

    code = "upload_broken"


class UploadSlowError(UploadError):
    """The body of a request came more slowly than anybody is waited for."""

    code = "upload_slow"


class BusyError(CxrError):
    """The server is doing as much of this at once as it may."""

    code = "busy"


class SignInError(CxrError):
    """Nobody is signed in, or the name and the password do not belong together."""

    code = "sign_in"


class NotAllowedError(CxrError):
    """Whoever is signed in may not see this."""

    code = "not_allowed"


class SignInUnsetError(CxrError):
    """Other machines reach the server, and its settings do not say who may come in."""

    code = "sign_in_unset"


class TooManyError(CxrError):
    """More was asked in a short time than one may ask."""

    code = "too_many"


class HostError(RequestError):
    """The request is for a host name that this server does not answer for."""

    code = "host"


class UsersError(CxrError):
    """The file of users cannot be read or written, or a user of it does not fit."""

    code = "users"


class AuditError(CxrError):
    """The audit trail cannot be written or read."""

    code = "audit"


class UnforeseenError(CxrError):
    """Something failed that nobody foresaw; the log says where."""

    code = UNEXPECTED


class NotReadyError(CxrError):
    """The server lacks something that its settings promise."""

    code = "not_ready"


class TrainingError(CxrError):
    """A manifest, recipe or weights file cannot be used for training."""

    code = "training"


def lasting_codes() -> tuple[str, ...]:
    """Codes of the errors that trying again cannot help: a file or the models would have to change."""

    def below(kind: type[CxrError]) -> list[type[CxrError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in below(child))]

    return tuple(sorted({kind.code for kind in below(CxrError) if kind.lasts}))
