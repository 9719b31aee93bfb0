"""The networks a recipe may name, their heads, and what of them is trained.

Nothing here imports Keras before a network is built: ``python -m training list`` only reads the registry.
"""

from training.networks.build import build_network, normalise_featurewise
from training.networks.network import Network
from training.networks.options import Options
from training.networks.parts import Parts, split_at
from training.networks.regimes import choose_cut, freeze_batch_norm
from training.networks.registry import NETWORKS

__all__ = [
    "NETWORKS",
    "Network",
    "Options",
    "Parts",
    "build_network",
    "choose_cut",
    "freeze_batch_norm",
    "normalise_featurewise",
    "split_at",
]
