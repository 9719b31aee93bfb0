"""What runs a model: LiteRT for compiled graphs, Keras for the rest, behind one small interface."""

from cxr_dash.inference.runtime.base import Runtime
from cxr_dash.inference.runtime.pool import RuntimePool
from cxr_dash.inference.runtime.segmenter import SegmenterRuntime

__all__ = ["Runtime", "RuntimePool", "SegmenterRuntime"]
