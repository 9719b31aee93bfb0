"""How fast a network trains and answers on each backend and batch size of this machine."""

from training.bench.compare import BenchPlan, compare_backends
from training.bench.figures import Bench, Case, Row

__all__ = ["Bench", "BenchPlan", "Case", "Row", "compare_backends"]
