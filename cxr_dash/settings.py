"""Every setting the app has, in one table: environment variables with the prefix ``CXR_``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cxr_dash.domain import DecodeLimits

_PACKAGE = Path(__file__).resolve().parent
_IN_A_CHECKOUT = (_PACKAGE.parent / "gunicorn.conf.py").is_file()
# Where page assets, `app.py` and `gunicorn.conf.py` lie: the checkout, or a folder in wheels (setup.py).
ROOT = _PACKAGE.parent if _IN_A_CHECKOUT else _PACKAGE / "beside"

# The templates of the report text that come with the package.
SHIPPED_TEMPLATES = _PACKAGE / "report_templates"

# Scheme, whoever signs on, host, port, database and options: of others Redis's client makes a traceback.
_REDIS_URL = (
    r"^(rediss?://([^@/?#]*@)?(\[[0-9a-fA-F:.]+\]|[^\[\]@:/?#]+)(:[0-9]{1,5})?(/[0-9]*)?(\?.*)?|unix://.+)$"
)

# Of compose.yaml and of the tests.
_NOT_SETTINGS = {"CXR_MODELS", "CXR_REDIS_PASSWORD", "CXR_SHARED_DIR"}


class Settings(BaseSettings):
    """Frozen settings, read from the environment (``CXR_...``) and a ``.env`` file in the working folder."""

    model_config = SettingsConfigDict(env_prefix="CXR_", env_file=".env", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8050, ge=1, le=65535, description="Port the server listens on.")
    url_prefix: str = Field(
        "/",
        pattern=r"^/([A-Za-z0-9._~-]+/)*$",
        description="Path under which a proxy serves the app, such as `/cxr/`; the proxy takes it off.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=64,
        description="Gunicorn worker processes; 0 is one a core that the machine or control group allows, 2 "
        "at least, 8 at most.",
    )
    threads: int = Field(4, ge=1, le=64, description="Request threads in each worker.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged; never pixels, file names or tags."
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="Log lines for people, or one JSON object a line for a collector."
    )
    tracing: bool = Field(
        False, description="Send traces by OpenTelemetry, to where the `OTEL_` variables say; needs `[otel]`."
    )
    models_dir: Path = Field(
        ROOT / "models" if _IN_A_CHECKOUT else Path("models"),
        description="Folder of model bundles, one folder each; of a wheel, in the working folder.",
    )
    default_model: str = Field(
        "findings",
        description="Bundle selected when the page opens; without it the server is not ready.",
    )
    require_tools: bool = Field(
        True,
        description="Without the bundles `gate` and `lungs` the server is not ready, and says so.",
    )
    assets_dir: Path = Field(
        ROOT / "assets", description="Folder of style sheets, browser scripts and icons."
    )
    inference_threads: int = Field(
        1, ge=1, le=64, description="Processor threads one LiteRT interpreter uses."
    )
    warm_up: bool = Field(
        True, description="Load the default model in the background as soon as a worker has started."
    )
    heat_trust: bool = Field(
        True, description="Judge every heatmap: inside the lungs, stable under small shifts; two more runs."
    )
    max_upload_bytes: int = Field(25 * 1024 * 1024, ge=1024, description="Largest film file, in bytes.")
    request_seconds: float = Field(
        120.0,
        ge=1.0,
        le=3600.0,
        description="Seconds a body may take to come, and a reader to take nothing.",
    )
    min_bytes_per_second: float = Field(
        8192.0,
        ge=0.0,
        description="Slowest pace of a body that comes or an answer that is read, after ten seconds.",
    )
    max_incoming_bytes: int = Field(
        128 * 1024 * 1024,
        ge=1024**2,
        description="Bytes a worker holds of requests, and of unread answers; beyond, the slowest goes.",
    )
    max_waiting: int = Field(
        16,
        ge=1,
        le=1024,
        description="Films and questions that may wait for a thread of a worker; the next is told so.",
    )
    max_pixels: int = Field(50_000_000, ge=10_000, description="Largest film, width x height.")
    min_side: int = Field(24, ge=1, description="Shortest side a film may have, in pixels.")
    max_aspect_ratio: float = Field(4.0, gt=1.0, description="Largest long side / short side of a film.")
    max_decoded_bytes: int = Field(
        128 * 1024 * 1024,
        ge=1024**2,
        description="Largest decoded film: width x height x channels x bytes per sample; decoding takes up "
        "to three times as much for a moment.",
    )
    max_decoding_bytes: int = Field(
        256 * 1024 * 1024,
        ge=1024**2,
        description="Decoded bytes of large films that one worker works on at once; the others wait.",
    )
    decoder_memory_bytes: int = Field(
        1024**3,
        ge=64 * 1024**2,
        description="Memory the decoder of one compressed DICOM film may take, in a process of its own.",
    )
    decoder_seconds: float = Field(
        20.0, gt=0.0, le=600.0, description="Seconds that decoder may take before it is ended."
    )
    cache_type: Literal["filesystem", "redis", "memory"] = Field(
        "filesystem", description="Where films and results wait; `memory` works with one worker only."
    )
    cache_dir: Path = Field(
        Path("var/cache"), description="Folder of the file-system cache; relative to the working folder."
    )
    cache_redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        pattern=_REDIS_URL,
        description="Redis server, when `CXR_CACHE_TYPE=redis`.",
    )
    case_lifetime_seconds: int = Field(
        1800, ge=60, description="How long a film and its results are kept after the upload."
    )
    max_cache_bytes: int = Field(
        4 * 1024**3,
        ge=1024**2,
        description="Largest cache in files or memory; a full one refuses films.",
    )
    max_session_bytes: int = Field(
        1024**3,
        ge=1024**2,
        description="How much one reader may keep in the cache; more films are refused.",
    )
    show_identity: bool = Field(
        False,
        description="Show who the patient is, as DICOM files say: in the list, above the film, on the "
        "report; off, it is kept beside the film and never sent.",
    )
    report_templates: Path = Field(
        SHIPPED_TEMPLATES,
        description="Folder of the report text's templates, one a language, such as `en.txt`; a language "
        "that has none there takes the one shipped.",
    )
    library_dir: Path = Field(
        Path("var/library"),
        description="Folder of the reference library for similar cases; relative to the working folder.",
    )

    sign_in: Literal["auto", "off", "users", "proxy", "oidc"] = Field(
        "auto",
        description="Who may come in: `users` of a file, whom a `proxy` names, or `oidc`. `auto` asks nobody "
        "where the server listens on this machine alone, and serves nobody elsewhere until one of them, or "
        "`off`, is chosen.",
    )
    users_file: Path = Field(
        Path("var/users.json"),
        description="Users, roles and argon2id hashes, as `cxr-dash users` writes them; for "
        "`CXR_SIGN_IN=users`.",
    )
    session_seconds: int = Field(
        12 * 3600, ge=60, description="How long a sign-in lasts, whatever its reader does."
    )
    session_idle_seconds: int = Field(
        3600, ge=60, description="How long a sign-in lasts while its reader does nothing."
    )
    sign_in_over_http: bool = Field(
        False,
        description="Let people of other machines sign in without TLS; passwords and sessions then cross "
        "the network in clear.",
    )
    proxy_from: str = Field(
        "127.0.0.1",
        description="Addresses or networks, parted by commas, of the proxy whose headers name the user, "
        "for `CXR_SIGN_IN=proxy`, and whose `traceparent` traces go on.",
    )
    proxy_user_header: str = Field(
        "X-Forwarded-User",
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header in which that proxy names the user.",
    )
    proxy_role_header: str = Field(
        "X-Forwarded-Groups",
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header in which it names the user's groups, parted by commas.",
    )
    oidc_issuer: str = Field(
        "", description="Address of the OpenID provider, as in `iss`; for `CXR_SIGN_IN=oidc`."
    )
    oidc_client_id: str = Field("", description="What the provider calls this application.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret of that name; empty for a public client, which PKCE protects alone.",
    )
    oidc_redirect_url: str = Field(
        "",
        description="Where the provider sends people back: this server's address and `sign-in/back`; "
        "otherwise made of the request's host.",
    )
    oidc_scope: str = Field("openid profile", description="What is asked of the provider.")
    oidc_user_claim: str = Field("sub", description="Claim that names the user; it must never change.")
    oidc_role_claim: str = Field("groups", description="Claim that holds the user's groups.")
    reader_group: str = Field(
        "", description="Group whose members may read films; empty: all whom proxy or provider name."
    )
    admin_group: str = Field(
        "cxr-admin", description="Group whose members are admins, for `proxy` and `oidc`."
    )
    metrics_from: str = Field(
        "",
        description="Addresses or networks, parted by commas, that may read `/metrics` without a sign-in "
        "where there is one.",
    )
    proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="Proxies in front, of which `X-Forwarded-For`, `-Proto` and `-Host` are believed; more "
        "than there are lets clients forge their address.",
    )
    allowed_hosts: str = Field(
        "",
        description="Host names that are answered, parted by commas; empty: any, or this machine's own where "
        "nobody is asked who comes. `.example.org` is all under it.",
    )
    rate_limit: str = Field(
        "3000 per minute",
        description="Requests of one user, or of one address beyond this machine; empty: any number. Each "
        "worker counts its part, or Redis for all.",
    )
    film_rate_limit: str = Field("240 per minute", description="Films added, likewise.")
    audit: Literal["off", "sqlite", "database"] = Field(
        "off", description="Whether it is written down who asked what of which film, and where."
    )
    audit_dir: Path = Field(
        Path("var/audit"), description="Folder of the audit trail in SQLite: a file for each month."
    )
    audit_url: SecretStr = Field(
        SecretStr(""),
        description="SQLAlchemy's address of the database, such as `postgresql+psycopg://…`; for "
        "`CXR_AUDIT=database`.",
    )
    audit_days: int = Field(
        400, ge=183, le=36_500, description="Days that entries of the audit trail are kept, 183 at least."
    )

    @property
    def decode_limits(self) -> DecodeLimits:
        """The part that :func:`cxr_dash.imaging.decode` enforces."""
        return DecodeLimits(
            max_bytes=self.max_upload_bytes,
            max_pixels=self.max_pixels,
            min_side=self.min_side,
            max_aspect_ratio=self.max_aspect_ratio,
            max_decoded_bytes=self.max_decoded_bytes,
            max_decoding_bytes=self.max_decoding_bytes,
            decoder_memory_bytes=self.decoder_memory_bytes,
            decoder_seconds=self.decoder_seconds,
        )


def setting_names() -> list[str]:
    """Every setting as it stands in the environment: ``CXR_...``."""
    return [f"CXR_{name}".upper() for name in Settings.model_fields]


def unknown_names(environment: Mapping[str, str] | None = None) -> list[str]:
    """Variables with our prefix that are no setting: a slip in a name would go unseen.

    Parameters
    ----------
    environment : mapping, optional
        This process's, and the file ``.env``, when none is given.
    """
    known = {*setting_names(), *_NOT_SETTINGS}
    if environment is None:
        environment = {**{name: value or "" for name, value in dotenv_values(".env").items()}, **os.environ}
    return sorted(name for name in environment if name.startswith("CXR_") and name.upper() not in known)
