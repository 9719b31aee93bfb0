"""Bytes -> film -> model input, and maps back into the film's frame: NumPy and OpenCV, nothing else."""

from cxr_dash.imaging.caption import Caption, caption_strip
from cxr_dash.imaging.decode import decode
from cxr_dash.imaging.effusion import effusion_area, effusion_phantom
from cxr_dash.imaging.encode import encode_jpeg, encode_png, read_png_text
from cxr_dash.imaging.film_levels import film_levels, has_levels
from cxr_dash.imaging.formats import (
    FORMATS,
    ImageHeader,
    film_suffixes,
    format_names,
    read_header,
)
from cxr_dash.imaging.heart import heart_mask, measure_heart
from cxr_dash.imaging.level_window import in_own_levels, in_shown_levels, level_table
from cxr_dash.imaging.lungs import film_mask, lung_box, measure_lungs
from cxr_dash.imaging.marks import Mark, marked
from cxr_dash.imaging.overlay import (
    COLOUR_MAPS,
    FULL_ALPHA_HEAT,
    blend_overlay,
    colour_table,
    display_pixels,
    heat_rgba,
)
from cxr_dash.imaging.phantom import chest_phantom
from cxr_dash.imaging.polarity import chest_likeness
from cxr_dash.imaging.prepare import (
    apply_preparation,
    first_plan,
    map_to_content,
    plan_preparation,
    prepare,
    restore_map,
)
from cxr_dash.imaging.quality import check_film
from cxr_dash.imaging.seen import outlined, toned
from cxr_dash.imaging.side import SIDE_GRID, half_difference, side_maps
from cxr_dash.imaging.tilt import DEAD_BAND, measure_tilt, tilt_to_undo
from cxr_dash.imaging.tone import TONE_MEASURES, lungs_on_input, measure_tone, uneven_gaps
from cxr_dash.imaging.turn import turn_matrix

__all__ = [
    "COLOUR_MAPS",
    "DEAD_BAND",
    "FORMATS",
    "FULL_ALPHA_HEAT",
    "SIDE_GRID",
    "TONE_MEASURES",
    "Caption",
    "ImageHeader",
    "Mark",
    "apply_preparation",
    "blend_overlay",
    "caption_strip",
    "check_film",
    "chest_likeness",
    "chest_phantom",
    "colour_table",
    "decode",
    "display_pixels",
    "effusion_area",
    "effusion_phantom",
    "encode_jpeg",
    "encode_png",
    "film_levels",
    "film_mask",
    "film_suffixes",
    "first_plan",
    "format_names",
    "half_difference",
    "has_levels",
    "heart_mask",
    "heat_rgba",
    "in_own_levels",
    "in_shown_levels",
    "level_table",
    "lung_box",
    "lungs_on_input",
    "map_to_content",
    "marked",
    "measure_heart",
    "measure_lungs",
    "measure_tilt",
    "measure_tone",
    "outlined",
    "plan_preparation",
    "prepare",
    "read_header",
    "read_png_text",
    "restore_map",
    "side_maps",
    "tilt_to_undo",
    "toned",
    "turn_matrix",
    "uneven_gaps",
]
