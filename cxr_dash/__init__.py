"""Decision support for chest films: calibrated probabilities, movable thresholds, Grad-CAM heatmaps."""

__version__ = "0.1.0"
