"""Every setting the app has, in one table: environment variables with the prefix ``CXR_``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from cxr_dash.domain import DecodeLimits

ROOT = Path(__file__).resolve().parent.parent

# Scheme, whoever signs on, host, port, database and options: of others Redis's client makes a traceback.
_REDIS_URL = (
    r"^(rediss?://([^@/?#]*@)?(\[[0-9a-fA-F:.]+\]|[^\[\]@:/?#]+)(:[0-9]{1,5})?(/[0-9]*)?(\?.*)?|unix://.+)$"
)


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
    workers: int = Field(2, ge=1, le=64, description="Gunicorn worker processes.")
    threads: int = Field(4, ge=1, le=64, description="Request threads in each worker.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged; never pixels, file names or tags."
    )
    models_dir: Path = Field(ROOT / "models", description="Folder of model bundles, one folder each.")
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
        description="Show who the patient is, as DICOM files say, above the film and on the report; off, "
        "it is kept beside the film and never sent.",
    )
    library_dir: Path = Field(
        Path("var/library"),
        description="Folder of the reference library for similar cases; relative to the working folder.",
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
