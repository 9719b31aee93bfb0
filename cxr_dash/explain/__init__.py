"""From raw class activation maps to what a person sees."""

from cxr_dash.explain.heatmap import content_heat, film_heat, film_heatmap, make_heatmap

__all__ = ["content_heat", "film_heat", "film_heatmap", "make_heatmap"]
