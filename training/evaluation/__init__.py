"""How good a model is: figures with intervals, calibration, thresholds, audits, what it should refuse."""
