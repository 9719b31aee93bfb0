"""The cache that the settings ask for."""

from __future__ import annotations

from cxr_dash.services.cases import SealedCache
from cxr_dash.services.expiry import make_cache_folder
from cxr_dash.settings import Settings
from cxr_dash.store.folder import FolderPlace
from cxr_dash.store.places import MemoryPlace, Place, Room


def open_cache(settings: Settings) -> SealedCache:
    """Where a server keeps films and results; its folder is made where there is none.

    Raises
    ------
    CacheFolderError
        When the folder is not this server's own.
    OSError
        When it cannot be made.
    """
    room = Room(settings.max_cache_bytes, min(settings.max_session_bytes, settings.max_cache_bytes))
    place: Place
    if settings.cache_type == "filesystem":
        place = FolderPlace(make_cache_folder(settings), room)
    elif settings.cache_type == "redis":
        from cxr_dash.store.redis_place import RedisPlace  # noqa: PLC0415  (a library for those who ask for it)

        place = RedisPlace(settings.cache_redis_url, room)
    else:
        place = MemoryPlace(room)
    return SealedCache(place)
