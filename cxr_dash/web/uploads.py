"""A film out of a request's body: the bytes alone, or a form with one file. Nothing is written to a disk.

A file's name, which may be a patient's, is dropped with the form; nothing here reads or logs it.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import IO

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from cxr_dash.domain import N_
from cxr_dash.errors import (
    CxrError,
    EmptyFileError,
    UnsupportedFormatError,
    UploadBrokenError,
    UploadError,
    UploadTypeError,
)

_FORM = "multipart/form-data"
_MODEL = "model"
# Fields beside the file need far less; but the parser counts what it holds of a file at a time among them.
_MOST_FIELD_BYTES = 512 * 1024
_MOST_PARTS = 100
# What a body of bytes may be called; of any other type it is a film only if its content is one.
_BYTES = ("", "application/octet-stream", "application/dicom")
_EXPECTED = N_(
    "Send the film's bytes as the body (Content-Type: application/octet-stream), or a form with one file "
    "(multipart/form-data), as in `curl -F file=@film.png ADDRESS/films`."
)


def read_upload() -> tuple[bytes, str | None]:
    """The film of the request under way, and the model to be asked about it, where one is named.

    Returns
    -------
    bytes
        Of the file; may be empty, which whoever reads films says in words.
    str or None
        The field ``model`` of the address, else of the form.

    Raises
    ------
    UploadError
        When a form holds no file, several, or anything else.
    UploadBrokenError
        When the body ends early, or is no form though it says so.
    werkzeug.exceptions.RequestEntityTooLarge
        When there is more than the largest film needs.
    """
    asked = request.args.get(_MODEL) or None
    try:
        if request.mimetype != _FORM:
            return _whole_body(), asked
        _, fields, files = FormDataParser(
            stream_factory=_in_memory,
            max_form_memory_size=_MOST_FIELD_BYTES,
            max_form_parts=_MOST_PARTS,
            silent=False,
        ).parse(request.stream, _FORM, request.content_length, request.mimetype_params)
    except ClientDisconnected:
        raise UploadBrokenError(
            N_("The request ended before all of the film had come."), remedy=N_("Send it again.")
        ) from None
    except RequestEntityTooLarge:
        if (request.content_length or 0) <= (request.max_content_length or 0):
            raise UploadError(
                N_("A form must hold one file; the one received has too many parts or too long a field."),
                remedy=_EXPECTED,
            ) from None
        raise
    except ValueError:
        raise UploadBrokenError(
            N_("The form ends early or cannot be taken apart: it must be whole, with its boundary named."),
            remedy=_EXPECTED,
        ) from None
    others = sorted(set(fields) - {_MODEL})
    if others:
        raise UploadError(
            N_("A form must hold one file, and beside it at most the field `model`; it also has {others}."),
            remedy=_EXPECTED,
            others=", ".join(f"`{name[:40]}`" for name in others[:3]),
        )
    return _only([file for _, file in files.items(multi=True)]), asked or fields.get(_MODEL) or None


def read_small(most_bytes: int, too_large: Callable[[], CxrError]) -> bytes:
    """The body of the request under way, which needs far less than a film does; kept for who reads it next.

    Parameters
    ----------
    most_bytes : int
    too_large : callable
        Gives the error for a larger one.

    Raises
    ------
    CxrError
    """
    request.max_content_length = most_bytes
    try:
        return request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise too_large() from None
    except ClientDisconnected:
        raise UploadBrokenError(
            N_("The request ended before all of it had come."), remedy=N_("Send it again.")
        ) from None


def _whole_body() -> bytes:
    data = request.get_data(cache=False)
    # a server that ends the stream itself does not say that the client went away before
    if len(data) < (request.content_length or 0):
        raise ClientDisconnected
    return data


def _only(files: list[FileStorage]) -> bytes:
    if len(files) != 1:
        raise UploadError(
            N_("A form must hold one file; received {count}."), remedy=_EXPECTED, count=len(files)
        )
    (file,) = files
    return file.stream.read()


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> IO[bytes]:
    """Where a form's file waits; by itself the library would write a film of 500 kB to the disk."""
    del total_content_length, content_type, filename, content_length
    return BytesIO()


def refused_as(error: CxrError) -> CxrError:
    """The error to be told: of no body, and of one that is no film and never said so, what is expected."""
    kind = request.mimetype
    if isinstance(error, EmptyFileError) and not kind:
        return EmptyFileError(N_("The request has no body; it must be one film."), remedy=_EXPECTED)
    if (
        isinstance(error, UnsupportedFormatError)
        and kind not in (*_BYTES, _FORM)
        and not kind.startswith("image/")
    ):
        return UploadTypeError(
            N_("The body must be one film; received {kind}."), remedy=_EXPECTED, kind=kind[:60]
        )
    return error
