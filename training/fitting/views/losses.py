"""Losses of views: answers that may be open, two views that should agree, maps that should lie in boxes."""

from __future__ import annotations

from typing import Any

from training.fitting.box_maps import with_map_loss
from training.networks import Parts
from training.recipe import ViewsRecipe


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


def with_view_losses(parts: Parts, recipe: ViewsRecipe) -> Any:
    """A model that adds, in training, what two views disagree on and how far maps lie outside the boxes.

    Parameters
    ----------
    parts : Parts
    recipe : ViewsRecipe

    Returns
    -------
    keras.Model
        From what the parts are cut at, with ``map_loss_weight`` also from boxes' shares of cells, to the
        logits; of the same layers as ``parts.tail``.

    Raises
    ------
    TrainingError
        When maps are to be taught and the head has none.
    """
    import keras
    from keras import ops

    class Agreement(keras.layers.Layer):  # type: ignore[misc]
        """Hands the logits on; in training the two halves of a batch should give the same ones."""

        def call(self, logits: Any, training: bool = False) -> Any:
            if training:
                one, other = ops.split(logits, 2, axis=0)
                self.add_loss(recipe.consistency * ops.mean(ops.square(one - other)))
            return logits

    weight = recipe.map_loss_weight
    inner = with_map_loss(parts, weight) if weight else parts.tail
    agree = Agreement(name="agreement") if recipe.consistency else keras.layers.Identity()
    return keras.Model(inner.inputs, agree(inner.outputs[0]))
