"""The reference library of a site: built, kept, checked, and asked for the cases nearest to a film."""

from __future__ import annotations

from cxr_dash.services.library.similar import SimilarCases

__all__ = ["SimilarCases"]
