"""What is known about a network before it is built; imports neither Keras nor TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.networks.options import Options

Scaling = Literal["caffe", "torch", "symmetric", "own"]


@dataclass(frozen=True, slots=True)
class Network:
    """A registered network.

    Attributes
    ----------
    name : str
        As in ``network.name`` of a recipe.
    description : str
    size : int
        Side of the square film it was made for, pixels; a recipe's default.
    smallest : int
        Least side of a film, pixels.
    parameters : int
        All of them, with its own head of one label at ``size``.
    cam_layer : str
        Layer whose map is used for heatmaps.
    application : str
        Its name in ``keras.applications``; empty for one from scratch.
    scaling : {"caffe", "torch", "symmetric", "own"}
        How grey levels reach it: BGR minus the ImageNet mean; RGB to the ImageNet mean and deviation;
        -1 to 1; or as they are, because it scales them itself.
    cuts : tuple of (str or int)
        Good values of ``network.unfreeze_from``, from most to least trained.
    weights_file : str
        File that Keras fetches for ``imagenet``; ``{size}`` stands for the film's side.
    weights_sizes : tuple of int
        Sides that ``{size}`` may take; 224 serves for any other.
    own : Options
        What it has when a recipe does not say.
    """

    name: str
    description: str
    size: int
    smallest: int
    parameters: int
    cam_layer: str
    application: str = ""
    scaling: Scaling = "symmetric"
    cuts: tuple[str | int, ...] = ()
    weights_file: str = ""
    weights_sizes: tuple[int, ...] = ()
    own: Options = field(default_factory=Options)

    @property
    def pretrained(self) -> bool:
        """Whether weights from ImageNet exist."""
        return bool(self.application)

    def weights_file_for(self, height: int, width: int) -> str:
        """Name of the ImageNet file for a film size."""
        side = height if height == width and height in self.weights_sizes else 224
        return self.weights_file.format(size=side)
