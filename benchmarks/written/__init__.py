"""The same film written in another way: what the product says of it, beside its answer for the film."""
