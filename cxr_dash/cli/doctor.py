"""``cxr-dash doctor``: what works here, what does not, and what to do about it."""

from __future__ import annotations

import platform
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from typing import Literal
from urllib.error import URLError
from urllib.request import urlopen

from cxr_dash.cli.audit_check import audit_state
from cxr_dash.cli.bundle_checks import check_answer, check_loads, check_lungs
from cxr_dash.cli.console import table
from cxr_dash.cli.sign_in_check import sign_in_state
from cxr_dash.cli.tracing_check import tracing_state
from cxr_dash.cores import default_workers
from cxr_dash.errors import CacheFolderError, CxrError, NotReadyError, StorageError
from cxr_dash.imaging import FORMATS
from cxr_dash.inference.trunks import missing_trunk
from cxr_dash.services import AnalysisService, build_service
from cxr_dash.services.expiry import make_cache_folder
from cxr_dash.services.readiness import shortcomings
from cxr_dash.services.report import report_templates
from cxr_dash.settings import Settings, setting_names, unknown_names

_LIBRARIES = ("ai-edge-litert", "dash", "flask-caching", "gunicorn", "numpy", "opencv-python-headless")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"ok", "warn", "fail"}
        ``fail`` keeps the app from working, ``warn`` does not.
    detail : str
        What was found.
    remedy : str
        What to do; empty when ``ok``.
    meant : bool
        Whether a ``warn`` may be what the admin chose; one that cannot be makes the command's status 3.
    """

    name: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""
    meant: bool = True


def examine(settings: Settings) -> list[Check]:
    """Look at everything the app needs. Nothing is changed but one probe entry in the cache's place."""
    return [
        *_names(),
        _python(),
        *_libraries(),
        *_formats(),
        _tensorflow(),
        *_models(settings),
        *_report_text(settings),
        _cache(settings),
        Check("sign-in", *sign_in_state(settings)),
        Check("audit", *audit_state(settings)),
        Check("traces", *tracing_state(settings)),
        _port(settings),
    ]


def report(checks: list[Check]) -> str:
    """The checks as columns, and under them what to do."""
    lines = [table([("STATE", "CHECK", "FOUND"), *((c.state, c.name, c.detail) for c in checks)])]
    lines += [f"{check.name}: {check.remedy}" for check in checks if check.remedy]
    failed = sum(check.state == "fail" for check in checks)
    lines.append("Everything that is needed works." if not failed else f"{failed} check(s) failed.")
    if any(check.state == "warn" and not check.meant for check in checks):
        lines.append("What is warned of above cannot have been meant.")
    return "\n".join(lines)


def _names() -> Iterator[Check]:
    for name in unknown_names():
        near = get_close_matches(name, setting_names(), 1)
        remedy = f"Did you mean {near[0]}?" if near else "`cxr-dash doctor --settings` lists every setting."
        yield Check(name, "warn", "no such setting: it is ignored", remedy, meant=False)


def _python() -> Check:
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    return Check("python", "ok", found)


def _libraries() -> Iterator[Check]:
    for name in _LIBRARIES:
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(
                name, "fail", "not installed", "Run `make setup`, or install requirements/serve.lock."
            )


def _formats() -> Iterator[Check]:
    for film_format in FORMATS:
        name = f"format {film_format.title}"
        missing = film_format.unavailable()
        if missing is not None:
            yield Check(name, "fail", missing, "Run `make setup`, or install requirements/serve.lock.")
            continue
        decoders = ", ".join(f"{decoder} {metadata.version(decoder)}" for decoder in film_format.decoders)
        yield Check(name, "ok", f"{' '.join(film_format.suffixes)}; decoded by {decoders}")


def _tensorflow() -> Check:
    if find_spec("tensorflow") is None:
        return Check("tensorflow", "ok", "not installed; needed only for training and uncompiled bundles")
    return Check("tensorflow", "ok", "installed; not used by compiled bundles")


def _models(settings: Settings) -> Iterator[Check]:
    service = build_service(settings)
    catalog = service.catalog
    for name, message in catalog.broken().items():
        yield Check(name, "fail", "refused", message)
    if not catalog.ids():
        found = f"no usable bundle in {settings.models_dir}"
        yield Check("models", "fail", found, "Set CXR_MODELS_DIR, or add one.")
        yield from _tools(service)
        return
    for lack in shortcomings(settings, catalog):
        remedy = (
            "Put it there, or set CXR_MODELS_DIR, CXR_DEFAULT_MODEL, CXR_ASSETS_DIR or CXR_REPORT_TEMPLATES "
            "to what is there."
        )
        yield Check("ready", "fail", lack.message, remedy)
    for model_id in catalog.ids():
        bundle = catalog.get(model_id)
        try:
            yield Check(model_id, "ok", check_answer(service, bundle))
        except CxrError as error:
            yield Check(model_id, "fail", "does not answer as it should", str(error))
    yield from _tools(service)


def _tools(service: AnalysisService) -> Iterator[Check]:
    segmenter, gate = service.catalog.tool("lungs"), service.catalog.tool("gate")
    if segmenter is not None:
        yield _tool(segmenter.id, partial(check_lungs, service, segmenter))
        for model_id in service.catalog.ids():
            learned = service.catalog.get(model_id).spec.lungs_sha256
            if learned not in (None, segmenter.serving_sha256):
                found = f"learned from films cropped by another segmenter, {learned[:12]}…"
                remedy = "Install the segmenter it was trained with."
                yield Check(model_id, "warn", found, remedy, meant=False)
    if gate is None and not service.settings.require_tools:
        what = "no gate: pictures that are no chest films are answered for"
        yield Check("gate", "warn", what, "Put the bundle `gate` into the models folder.")
    elif gate is not None:
        yield _tool(gate.id, partial(check_loads, service, gate))
        if (trunk := missing_trunk(service.catalog)) is not None:
            what = f"the features of {trunk} are missing: a child's film without an age is not told"
            yield Check(gate.id, "warn", what, f"Put the bundle `{trunk}` that the gate came with beside it.")


def _tool(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", check())
    except CxrError as error:
        return Check(name, "fail", "does not answer as it should", str(error))


def _report_text(settings: Settings) -> Iterator[Check]:
    """Which templates are in force; where they cannot be used, `ready` fails and says so."""
    try:
        own = report_templates(settings.report_templates).own
    except NotReadyError:
        return
    found = f"{', '.join(own)} from {settings.report_templates}" if own else "the templates shipped"
    yield Check("report text", "ok", found)


def _cache(settings: Settings) -> Check:
    if settings.cache_type == "memory":
        workers = settings.workers or default_workers()
        if workers == 1:
            return Check("cache", "ok", "in memory")
        remedy = "Set CXR_CACHE_TYPE=filesystem, or CXR_WORKERS=1."
        return Check("cache", "fail", f"in memory with {workers} workers: films get lost", remedy)
    if settings.cache_type == "redis":
        return _redis(settings)
    folder = settings.cache_dir.resolve()
    probe = folder / f"probe-{secrets.token_hex(8)}"
    try:
        make_cache_folder(settings)
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as error:
        remedy = "Set CXR_CACHE_DIR to a folder that the server's user may write."
        return Check("cache", "fail", f"{folder}: {error.strerror}", remedy)
    except CacheFolderError as error:
        return Check("cache", "fail", error.message, error.remedy)
    return Check("cache", "ok", str(folder))


def _redis(settings: Settings) -> Check:
    remedy = "Start Redis, or correct CXR_CACHE_REDIS_URL."
    if find_spec("redis") is None:
        return Check("cache", "fail", "the redis library is missing", "Install requirements/serve.lock.")
    import redis

    from cxr_dash.store.redis_cache import redis_client

    try:
        redis_client(settings.cache_redis_url, socket_timeout=3, socket_connect_timeout=3).ping()
    except StorageError as error:
        return Check("cache", "fail", error.message, error.remedy)
    except redis.RedisError as error:
        # The address may hold a password: it is not shown.
        return Check("cache", "fail", f"Redis does not answer: {type(error).__name__}", remedy)
    return Check("cache", "ok", "Redis answers")


def _port(settings: Settings) -> Check:
    name = f"port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            return _who_listens(settings, name, error)
    return Check(name, "ok", f"free on {settings.host}")


def _who_listens(settings: Settings, name: str, error: OSError) -> Check:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 # nosec B104
    address = f"[{host}]" if ":" in host else host
    try:
        with urlopen(f"http://{address}:{settings.port}/healthz", timeout=2) as answer:  # nosec B310
            if b"alive" in answer.read(200):
                return Check(name, "ok", "cxr-dash is already answering there")
    except (URLError, OSError):
        pass
    return Check(name, "fail", f"{settings.host}: {error.strerror}", "Set CXR_PORT or CXR_HOST to another.")
