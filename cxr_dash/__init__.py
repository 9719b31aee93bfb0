"""Decision support for chest films: calibrated probabilities, movable thresholds, Grad-CAM heatmaps."""

from importlib.metadata import PackageNotFoundError, version

try:
    # the tag's, as it was when the package was installed
    __version__ = version("cxr-dash")
except PackageNotFoundError:
    __version__ = "0+uninstalled"
