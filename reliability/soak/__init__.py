"""Readers with think time before the real server for minutes, or until so many films were read."""
