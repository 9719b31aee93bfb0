"""From a finished run to a bundle that the app serves."""
