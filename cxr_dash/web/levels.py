"""A film's own levels for the page, which windows them itself; made anew each time, kept nowhere."""

from __future__ import annotations

import json
import struct

from flask import Blueprint, Response, request
from isal import isal_zlib

from cxr_dash import imaging
from cxr_dash.domain import N_, FilmLevels
from cxr_dash.errors import NoLevelsError
from cxr_dash.services import AnalysisService
from cxr_dash.stages import stage
from cxr_dash.web.headers import keep_off_disk

_GZIP = 31  # a window of 32 kB with a header and a checksum of gzip


def levels_blueprint(service: AnalysisService) -> Blueprint:
    """``GET /films/<film>/levels.bin``: what ``docs/viewer.md`` describes, for films of more than 8 bits."""
    routes = Blueprint("levels", __name__, url_prefix="/films")

    routes.after_request(keep_off_disk)

    @routes.get("/<film>/levels.bin")
    def levels(film: str) -> Response:
        data = service.cases.film(film).data
        with stage("decode"):
            found = imaging.film_levels(data, service.settings.decode_limits)
        if found is None:
            raise NoLevelsError(
                N_("A film must have more than 8 bits to have levels of its own; this one has 8 or fewer."),
                remedy=N_("Its picture has all its levels."),
            )
        body = levels_body(found)
        response = Response(mimetype="application/octet-stream")
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"]:
            # measured on a film of 15 bits: 50 ms and 6.8 MB; the slowest of zlib's takes 500 ms for 6.7 MB
            body = isal_zlib.compress(body, 1, _GZIP)
            response.content_encoding = "gzip"
        response.data = body
        return response

    return routes


def levels_body(levels: FilmLevels) -> bytes:
    """Length of a JSON text (4 bytes), the text, tables of 65,536 bytes each, codes; numbers little-endian.

    Parameters
    ----------
    levels : FilmLevels

    Returns
    -------
    bytes
        The first table is the grey of every code in the film's first picture; windows name the others.
    """
    tables = [levels.shown]
    windows = []
    for one in levels.windows:
        stated = {"name": one.name, "width": one.width, "level": one.level, "curve": one.curve}
        if one.table is not None:
            stated["table"] = len(tables)
            tables.append(one.table)
        windows.append(stated)
    height, width = levels.pixels.shape
    told = {
        "width": width,
        "height": height,
        "slope": levels.slope,
        "intercept": levels.intercept,
        "unit": levels.unit,
        "black": levels.black,
        "white": levels.white,
        "lowest": levels.lowest,
        "highest": levels.highest,
        "padding": levels.padding,
        "inclusive": levels.inclusive,
        "tables": len(tables),
        "windows": windows,
    }
    text = json.dumps(told).encode("ascii")
    # an array of 16 bits must begin at an even byte
    text += b" " * (len(text) % 2)
    codes = levels.pixels.astype("<u2", copy=False)
    return b"".join((struct.pack("<I", len(text)), text, *(one.tobytes() for one in tables), codes.tobytes()))
