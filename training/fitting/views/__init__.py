"""Training a whole network on views: every film drawn anew, twice, each time it is seen."""
