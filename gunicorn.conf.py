"""What ``gunicorn app:server`` reads on its own: everything comes from the ``CXR_`` settings.

Options given on gunicorn's command line win over this file, as always with gunicorn.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from cxr_dash.cli.console import read_settings
from cxr_dash.cores import default_workers
from cxr_dash.errors import BackendMissingError, CxrError
from cxr_dash.intake.addresses import is_this_machine
from cxr_dash.services.audit import TRAIL_KEY, look_after
from cxr_dash.services.expiry import EVICTED_KEY, make_cache_folder, start_sweeping
from cxr_dash.services.tracing import TRACES_KEY, check_installed
from cxr_dash.settings import Settings, unknown_names
from cxr_dash.stray_lines import collect_stray_lines

_METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def _memory_or_disk() -> str:
    """A folder in memory where there is one: heartbeats and counters must never wait for a disk."""
    memory = "/dev/shm"  # noqa: S108
    return memory if os.access(memory, os.W_OK) else tempfile.gettempdir()


def _checked_settings() -> Settings:
    settings = read_settings()
    if settings.cache_type == "redis":
        try:
            from cxr_dash.store.redis_cache import redis_client  # noqa: PLC0415  (for those who installed it)
        except ImportError:
            raise BackendMissingError(
                "`CXR_CACHE_TYPE=redis` must have the redis library; received an installation without.",
                remedy="Install requirements/serve.lock.",
            ) from None
        redis_client(settings.cache_redis_url)
    if settings.tracing:
        check_installed()
    return settings


try:
    _settings = _checked_settings()
except CxrError as error:
    raise SystemExit(f"cxr-dash: {error}") from None

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = [f"{_host}:{_settings.port}"]
workers = _settings.workers or default_workers()
# Waits for whole requests without a thread; see the room's own words.
worker_class = "cxr_dash.intake.worker.WholeRequestWorker"
# Files go out as everything does: what a slow reader does not take, no thread waits for.
sendfile = False
threads = _settings.threads
loglevel = _settings.log_level
# No access log: addresses carry the keys of films. Errors and start-up go to stderr.
accesslog = None
errorlog = "-"
# Everything in one format on stderr: gunicorn's own lines, the app's, and warnings of libraries.
# No line holds the key of a film, whoever writes it and at whatever level.
logconfig_dict: dict[str, Any] = {
    "formatters": {
        "generic": {
            "()": "cxr_dash.log_lines.KeylessFormatter",
            "form": _settings.log_format,
        }
    },
    "root": {"level": "WARNING", "handlers": ["error_console"]},
    "loggers": {
        name: {"level": loglevel.upper(), "handlers": ["error_console"], "propagate": False}
        for name in ("gunicorn.error", "cxr_dash")
    },
}

# A worker that has not moved for this long is replaced; the largest allowed film takes a few seconds.
timeout = 60
graceful_timeout = 30
# Longer than nginx's idle default towards a browser makes no sense, shorter costs a handshake per picture.
keepalive = 5
# gunicorn's remote control: not needed here, and two servers on one machine would share its path.
control_socket_disable = True
# A proxy on this machine hands on what clients send: none of them says which path is asked for.
forwarder_headers = ""
worker_tmp_dir = _memory_or_disk()


def _prepare_metrics_dir() -> None:
    """Make the folder in which workers share their counters, before the Prometheus client is imported.

    It lies inside ``PROMETHEUS_MULTIPROC_DIR`` where that is set, is new for every start, so that counters
    of an earlier run are never added to this one's, and goes when the master goes. A reload keeps it.
    """
    mark = "cxr-metrics-"
    own = f"{mark}{os.getpid()}-"
    given = Path(os.environ.get(_METRICS_DIR) or _memory_or_disk())
    if given.name.startswith(own):
        return
    parent = given.parent if given.name.startswith(mark) else given
    parent.mkdir(parents=True, exist_ok=True)
    made = tempfile.mkdtemp(prefix=own, dir=parent)
    os.environ[_METRICS_DIR] = made
    atexit.register(_remove_metrics_dir, Path(made), os.getpid())


def _remove_metrics_dir(folder: Path, owner_pid: int) -> None:
    # Workers inherit the exit handler with the fork: only the master cleans up.
    if os.getpid() == owner_pid:
        shutil.rmtree(folder, ignore_errors=True)


_prepare_metrics_dir()


def on_starting(server: Any) -> None:
    """Refuse in words what would start and then lose films, or end in a traceback of every worker."""
    for name in unknown_names():
        server.log.warning("%s is no setting and is ignored: `cxr-dash doctor` says which is meant", name)
    if _settings.cache_type == "memory" and server.cfg.workers > 1:
        raise SystemExit(
            "cxr-dash: `CXR_CACHE_TYPE=memory` must have one worker, as workers share no memory; received "
            f"{server.cfg.workers}. Set CXR_WORKERS=1, or another CXR_CACHE_TYPE."
        )
    if _settings.cache_type == "filesystem":
        try:
            make_cache_folder(_settings)
        except OSError as error:
            raise SystemExit(
                f"cxr-dash: `CXR_CACHE_DIR` must be a folder the server may make and write; received "
                f"{str(_settings.cache_dir)!r} ({error.strerror})."
            ) from None
        except CxrError as error:
            raise SystemExit(f"cxr-dash: {error}") from None


def when_ready(server: Any) -> None:
    """Say at once where nobody is served, and take what libraries write to standard error into the log."""
    addresses = [address[0] for address in server.cfg.address if isinstance(address, tuple)]
    if _settings.sign_in == "auto" and not all(is_this_machine(address) for address in addresses):
        server.log.error(
            "nobody is served: this server listens on %s, and CXR_SIGN_IN is not set. Set it to `users`, "
            "`proxy` or `oidc`, or to `off` where another program asks who comes (docs/sign-in.md).",
            ", ".join(addresses),
        )
    server.cxr_stray_lines = collect_stray_lines(_settings.log_format, ("", *logconfig_dict["loggers"]))


def post_worker_init(worker: Any) -> None:
    """Start each worker's background threads, after the fork that no thread survives; also with --preload.

    One loads the default model, one deletes films whose time ran out, one looks after the audit
    trail and one sends traces, where there are such.
    """
    extensions = worker.wsgi.extensions
    extensions["cxr_dash"].ensure_started()
    start_sweeping(_settings, extensions[EVICTED_KEY])
    if extensions[TRAIL_KEY] is not None:
        look_after(extensions[TRAIL_KEY])
    # the worker's own name for the application is another one when it ends
    worker.cxr_traces = extensions[TRACES_KEY]
    if worker.cxr_traces is not None:
        worker.cxr_traces.start()


def worker_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Send the last traces of a worker that ends."""
    if getattr(worker, "cxr_traces", None) is not None:
        worker.cxr_traces.stop()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Take the gauges of a worker that is gone out of ``/metrics``."""
    from prometheus_client import multiprocess  # noqa: PLC0415  (only after the folder exists)

    multiprocess.mark_process_dead(worker.pid)
