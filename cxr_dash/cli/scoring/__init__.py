"""The rooms behind ``cxr-dash score``: how many at once, which films, what is kept, how far it has come."""
