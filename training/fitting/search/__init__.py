"""Trying many recipes: a plain grid, or a study shared by several processes. Ranked by ``val`` alone."""

from training.fitting.search.grid import search
from training.fitting.search.space import Dimension, grid_space, read_space
from training.fitting.search.study import SearchPlan, Trial, run_study

__all__ = ["Dimension", "SearchPlan", "Trial", "grid_space", "read_space", "run_study", "search"]
