"""Trying many recipes in a study that several processes may share. Ranked by ``val`` alone."""

from training.fitting.search.space import Dimension, grid_space, read_space
from training.fitting.search.study import SearchPlan, Trial, run_study

__all__ = ["Dimension", "SearchPlan", "Trial", "grid_space", "read_space", "run_study"]
