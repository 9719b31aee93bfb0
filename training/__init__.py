"""Makes the models the app serves: reads films, trains, calibrates, measures, and exports bundles."""
