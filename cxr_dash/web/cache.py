"""The cache that the settings ask for: flask-caching, with backends and a serializer of ours."""

from __future__ import annotations

from typing import Any

from cachelib.base import BaseCache
from flask import Flask
from flask_caching import Cache

from cxr_dash.services.accounts.sessions import SESSION_TYPES
from cxr_dash.services.cases import KEPT_TYPES
from cxr_dash.services.expiry import make_cache_folder
from cxr_dash.settings import Settings
from cxr_dash.store.codec import Codec
from cxr_dash.store.folder import SealedFolderCache
from cxr_dash.store.memory import SealedMemoryCache
from cxr_dash.store.room import Room
from cxr_dash.store.sealed import SealedSerializer

_Config = dict[str, Any]


def open_cache(server: Flask, settings: Settings) -> Cache:
    """Where a server keeps films and results; its folder is made where there is none.

    Raises
    ------
    CacheFolderError
        When the folder is not this server's own.
    OSError
        When it cannot be made.
    """
    config: _Config = {
        "CACHE_TYPE": f"{__name__}.{settings.cache_type}_backend",
        "CACHE_DEFAULT_TIMEOUT": settings.case_lifetime_seconds,
        "CACHE_SERIALIZER": SealedSerializer(Codec((*KEPT_TYPES, *SESSION_TYPES))),
        "CACHE_OPTIONS": {
            "room": Room(settings.max_cache_bytes, min(settings.max_session_bytes, settings.max_cache_bytes))
        },
    }
    if settings.cache_type == "filesystem":
        config["CACHE_DIR"] = make_cache_folder(settings)
    elif settings.cache_type == "redis":
        config |= {"CACHE_REDIS_URL": settings.cache_redis_url, "CACHE_KEY_PREFIX": "cxr-"}
    return Cache(server, with_jinja2_ext=False, config=config)


def filesystem_backend(_server: Flask, config: _Config, _args: list[Any], options: _Config) -> BaseCache:
    """For ``CACHE_TYPE``: entries in a folder."""
    return SealedFolderCache(config["CACHE_DIR"], **options)


def memory_backend(_server: Flask, _config: _Config, _args: list[Any], options: _Config) -> BaseCache:
    """For ``CACHE_TYPE``: entries in this process."""
    return SealedMemoryCache(**options)


def redis_backend(_server: Flask, config: _Config, _args: list[Any], options: _Config) -> BaseCache:
    """For ``CACHE_TYPE``: entries in Redis."""
    from cxr_dash.store.redis_cache import SealedRedisCache  # noqa: PLC0415  (for those who installed its client)

    return SealedRedisCache(config["CACHE_REDIS_URL"], key_prefix=config["CACHE_KEY_PREFIX"], **options)
