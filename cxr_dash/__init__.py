"""Decision support for chest films: calibrated probabilities, movable thresholds, Grad-CAM heatmaps."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cxr-dash")
except PackageNotFoundError:  # run from a tree that was never installed
    __version__ = "0+unknown"
