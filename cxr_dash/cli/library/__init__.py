"""``cxr-dash library``: build, describe and check the reference library."""
