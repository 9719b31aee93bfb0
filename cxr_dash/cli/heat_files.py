"""Heatmaps as NumPy files: ``<film stem>.<label key>.npy``."""

from __future__ import annotations

import os
from pathlib import Path

from cxr_dash.domain import Analysis
from cxr_dash.services.exports import write_map

# What every file system in use allows (ext4, XFS, APFS, NTFS).
_MAX_NAME_BYTES = 255


class HeatFolder:
    """A folder that takes the heatmaps of many films.

    The first film of a stem gets ``<stem>.<label key>.npy``; a later one of the same stem, from another
    folder or with another extension, gets ``<stem>-2``, ``<stem>-3``, so that nothing is overwritten.

    Parameters
    ----------
    folder : Path
        Made when it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._taken: set[str] = set()

    def save(self, path: Path, analysis: Analysis) -> str:
        """Write one file per label: float32 (H, W), the film's own frame, un-normalised, >= 0.

        Returns
        -------
        str
            The stem the files were given.

        Raises
        ------
        OSError
            When a file cannot be written.
        """
        room = _MAX_NAME_BYTES - max(len(f"-999999.{key}.npy") for key in analysis.heatmaps)
        # Names are bytes: a cut through a character leaves a name that is no text, yet one that works.
        stem = self._free_stem(os.fsdecode(os.fsencode(path.stem)[:room]))
        for key, heatmap in analysis.heatmaps.items():
            with (self._folder / f"{stem}.{key}.npy").open("wb") as stream:
                write_map(stream, heatmap)
        return stem

    def _free_stem(self, stem: str) -> str:
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}-{count}"
        self._taken.add(name)
        return name
