"""Losses of views: answers that may be open, two views that should agree, maps that should lie in boxes."""

from __future__ import annotations

from typing import Any

from training.fitting.box_maps import divergence, mapped_part
from training.networks import Parts
from training.recipe import Recipe


def open_cross_entropy(smoothing: float = 0.0) -> Any:
    """Binary cross-entropy of the answers that are not open, each with its weight.

    Returns
    -------
    callable
        ``(stacked (n, 2 C), logits (n, C)) -> loss (n,)``; ``stacked`` as of
        :meth:`training.fitting.views.answers.Answers.stacked`.
    """
    from keras import ops

    def open_binary_crossentropy(stacked: Any, logits: Any) -> Any:
        labels = logits.shape[-1]
        truth, weight = stacked[:, :labels], stacked[:, labels:]
        soft = truth * (1.0 - smoothing) + 0.5 * smoothing
        # finite for any logit, as tf.nn.sigmoid_cross_entropy_with_logits
        loss = ops.relu(logits) - logits * soft + ops.log1p(ops.exp(-ops.abs(logits)))
        return ops.mean(weight * loss, axis=-1)

    return open_binary_crossentropy


def with_view_losses(parts: Parts, recipe: Recipe) -> Any:
    """A model that adds, in training, what two views disagree on and how far maps lie outside the boxes.

    Parameters
    ----------
    parts : Parts
        Cut at the film.
    recipe : Recipe
        With a section ``[views]``.

    Returns
    -------
    keras.Model
        From films, or from films and boxes' shares of cells, to the logits; of the same layers as
        ``parts.tail``.

    Raises
    ------
    TrainingError
        When maps are to be taught and the head has none.
    """
    import keras
    from keras import ops

    plan = recipe.views
    if plan is None:
        return parts.tail
    consistency, map_weight = plan.consistency, plan.map_loss_weight

    class Agreement(keras.layers.Layer):  # type: ignore[misc]
        """Hands the logits on; in training the two halves of a batch should give the same ones."""

        def call(self, logits: Any, training: bool = False) -> Any:
            if training:
                one, other = ops.split(logits, 2, axis=0)
                self.add_loss(consistency * ops.mean(ops.square(one - other)))
            return logits

    class Maps(keras.layers.Layer):  # type: ignore[misc]
        """Hands the logits on; in training the maps should lie inside the boxes."""

        def call(self, logits: Any, maps: Any, shares: Any, training: bool = False) -> Any:
            if training:
                self.add_loss(map_weight * divergence(maps, shares))
            return logits

    agree = Agreement(name="agreement") if consistency else keras.layers.Identity()
    if not map_weight:
        return keras.Model(parts.tail.inputs[0], agree(parts.tail.outputs[0]))
    mapped = mapped_part(parts)
    logits, maps = mapped.outputs
    shares = keras.Input(maps.shape[1:], name="box_shares")
    return keras.Model([mapped.inputs[0], shares], agree(Maps(name="map_loss")(logits, maps, shares)))
