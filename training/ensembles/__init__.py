"""Several finished models as one: the vote of their probabilities, or one head on all their features.

Either is one Keras model from grey levels to ``logits``, so that evaluation, export, serving and heatmaps
need not know that it is an ensemble. Its feature map, ``features``, is the members' last maps side by side.
"""
