"""From a prepared film to calibrated probabilities: bundles, runtimes, calibration, operating points."""
