"""What a sample of mutants came to, for people."""

from __future__ import annotations

from collections.abc import Sequence

from reliability.mutants.judge import Judged


def as_markdown(judged: Sequence[Judged]) -> str:
    """One table by room, and the survivors one by one."""
    rooms = sorted({_room(one) for one in judged})
    lines = [
        "| room | mutants | killed | survived |",
        "|---|---|---|---|",
    ]
    for room in [*rooms, "all"]:
        mine = [one for one in judged if room in {_room(one), "all"}]
        survived = sum(one.verdict == "survived" for one in mine)
        killed = len(mine) - survived
        lines.append(f"| {room} | {len(mine)} | {killed} ({killed / len(mine):.0%}) | {survived} |")
    survivors = [one.mutant for one in judged if one.verdict == "survived"]
    if survivors:
        lines += ["", "| survived | was | became |", "|---|---|---|"]
        lines += [
            f"| {one.path}:{one.line} | {_cell(one.before)} | {_cell(one.after)} |" for one in survivors
        ]
    return "\n".join(lines)


def _room(one: Judged) -> str:
    return "/".join(one.mutant.path.split("/")[:2])


def _cell(code: str) -> str:
    return "`" + code.replace("|", "\\|") + "`"
