"""Heatmaps as NumPy files: ``<film stem>.<label key>.npy``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cxr_dash.cli.scoring.tally import Tally
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
    label_keys : sequence of str
        Of the model.
    """

    def __init__(self, folder: Path, label_keys: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._room = _MAX_NAME_BYTES - max(len(f"-999999.{key}.npy") for key in label_keys)
        self._taken = Tally()
        self._wanted = Tally()

    def stem(self, path: str) -> str:
        """The stem of the next film's files, which no other film gets: also for one that was saved before."""
        # Names are bytes: a cut through a character leaves a name that is no text, yet one that works.
        wanted = os.fsdecode(os.fsencode(Path(path).stem)[: self._room])
        count = self._wanted.add(wanted)
        name = wanted if count == 1 else f"{wanted}-{count}"
        while name in self._taken:
            name = f"{wanted}-{self._wanted.add(wanted)}"
        self._taken.add(name)
        return name

    def save(self, path: str, analysis: Analysis) -> str:
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
        stem = self.stem(path)
        for key, heatmap in analysis.heatmaps.items():
            with (self._folder / f"{stem}.{key}.npy").open("wb") as stream:
                write_map(stream, heatmap)
        return stem

    def close(self) -> None:
        """Forget which names are taken."""
        self._taken.close()
        self._wanted.close()
