"""Every setting as a Markdown table: the one in ``docs/settings.md``, which a test compares with this."""

from __future__ import annotations

from pathlib import Path

from cxr_dash.settings import ROOT, Settings


def settings_markdown() -> str:
    """One row per setting: environment variable, default, what it does."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        f"| `{prefix}{name.upper()}` | `{_shown(field.default)}` | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it does |", "|---|---|---|", *rows])


def _shown(default: object) -> str:
    if isinstance(default, Path) and default.is_relative_to(ROOT):
        return default.relative_to(ROOT).as_posix()
    if isinstance(default, bool):
        return str(default).lower()
    return str(default)


def settings_environment() -> str:
    """Every setting as a line of an environment file, commented out: the one in ``deploy/cxr-dash.env``."""
    prefix = Settings.model_config["env_prefix"]
    lines = ["# Every setting with its default: for compose (as `.env`) or systemd (as /etc/cxr-dash.env)."]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}", f"#{prefix}{name.upper()}={_shown(field.default)}"]
    return "\n".join(lines)
