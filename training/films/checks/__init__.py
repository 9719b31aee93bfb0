"""What should be known about a collection before a long run: its files, its copies, its sources."""

from training.films.checks.report import CheckReport, check_films, check_manifest

__all__ = ["CheckReport", "check_films", "check_manifest"]
