"""From a recipe to a trained model in its run folder."""
