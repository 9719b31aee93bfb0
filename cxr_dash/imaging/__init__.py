"""Bytes -> film -> model input, and maps back into the film's frame: NumPy and OpenCV, nothing else."""

from cxr_dash.imaging.decode import decode
from cxr_dash.imaging.header import ImageHeader, read_header
from cxr_dash.imaging.polarity import chest_likeness
from cxr_dash.imaging.prepare import (
    apply_preparation,
    map_to_content,
    plan_preparation,
    prepare,
    restore_map,
)

__all__ = [
    "ImageHeader",
    "apply_preparation",
    "chest_likeness",
    "decode",
    "map_to_content",
    "plan_preparation",
    "prepare",
    "read_header",
    "restore_map",
]
