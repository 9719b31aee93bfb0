"""Lung fields: films with masks in, a small network that draws them out."""
