"""Collections as they are published, read into the films of a manifest.

A reader takes a file or folder and gives :class:`~training.films.manifest.Film` rows, as
``manifest.csv`` does.
Arrays (``.npz``, ``.h5``) become PNG files once, so that everything after a reader knows files only.
"""

from training.films.layouts.registry import LAYOUTS, import_layout

__all__ = ["LAYOUTS", "import_layout"]
