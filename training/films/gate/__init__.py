"""Pictures that teach and measure the input gate: frontal films, and everything that is none."""
