"""The formats a film may come in: one module each, read in one shape (`base.FilmFormat`)."""
