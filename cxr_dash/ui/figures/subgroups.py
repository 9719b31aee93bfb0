"""The graph of subgroups: AUROC with its interval for each, and the overall one as a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cxr_dash import palette
from cxr_dash.inference.schema import Interval, SplitMetrics
from cxr_dash.language import Translator
from cxr_dash.ui.figures.frame import Drawn, axis, frame, line_of_a_coin, tenths
from cxr_dash.ui.views.card_tables import interval_text
from cxr_dash.ui.views.card_words import subgroup_name

# Below this many films a figure says little whatever its interval.
LEAST_FILMS = 50
_ROW_PIXELS, _MARGIN_PIXELS = 34, 76


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One subgroup with an AUROC."""

    name: str
    films: int
    auroc: Interval
    labels: int | None

    def tick(self, all_labels: int) -> str:
        """Name, films and, where its mean is over fewer labels than the overall one, how many."""
        fewer = self.labels is not None and self.labels < all_labels
        share = f" · {self.labels}/{all_labels}" if fewer else ""
        return f"{self.name} · {self.films}{share}"

    @property
    def small(self) -> bool:
        """Whether it has too few films to conclude anything from."""
        return self.films < LEAST_FILMS


def measured_subgroups(split: SplitMetrics, t: Translator) -> list[Subgroup]:
    """The subgroups of a split that have an AUROC, in the bundle's order."""
    return [
        Subgroup(
            name=subgroup_name(key, t),
            films=round(group["films"].value),
            auroc=group["auroc"],
            labels=round(group["labels"].value) if "labels" in group else None,
        )
        for key, group in split.subgroups.items()
        if group.get("auroc") is not None
    ]


def subgroup_figure(split: SplitMetrics, t: Translator) -> Drawn | None:
    """A dot and an interval for each subgroup; None where no subgroup has an AUROC."""
    groups = measured_subgroups(split, t)
    if not groups:
        return None
    figure = frame(axis(t("AUROC, mean over labels"), t), {}, t)
    names = [group.tick(len(split.labels)) for group in groups]
    for small in (True, False):
        rows = [(name, group) for name, group in zip(names, groups, strict=True) if group.small is small]
        colour = palette.FAINT if small else palette.ACCENT
        figure.add_scatter(
            x=[group.auroc.value for _, group in rows],
            y=[name for name, _ in rows],
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": "circle-open" if small else "circle"},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_beyond(group.auroc.high, group.auroc.value) for _, group in rows],
                "arrayminus": [_beyond(group.auroc.value, group.auroc.low) for _, group in rows],
                "color": palette.FAINT if small else palette.DIM,
                "thickness": 1.5,
                "width": 3,
            },
            text=[interval_text(group.auroc, t) for _, group in rows],
            hovertemplate="%{y}<br>AUROC %{text}<extra></extra>",
            name="small" if small else "large",
        )
    overall = split.macro.get("auroc")
    if overall is not None:
        figure.add_vline(x=overall.value, line={"color": palette.ALERT, "width": 1.5})
    bounds = [
        value for group in groups for value in (group.auroc.low, group.auroc.value) if value is not None
    ]
    first = math.floor(10 * min(0.5, *bounds))
    figure.update_xaxes(range=[(first - 0.1) / 10, 1.01], **tenths(first, t))
    # names above each line: beside it they would leave no room for the line on a phone
    figure.add_scatter(
        x=[first / 10] * len(names),
        y=names,
        text=names,
        mode="text",
        textposition="top right",
        textfont={"color": palette.INK, "size": 11},
        hoverinfo="skip",
        cliponaxis=False,
        name="names",
    )
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=names[::-1],
        showticklabels=False,
        fixedrange=True,
        zeroline=False,
        gridcolor=palette.GRID,
    )
    figure.update_layout(height=_MARGIN_PIXELS + _ROW_PIXELS * len(groups), margin={"l": 14})
    line_of_a_coin(figure, [0.5, 0.5], [names[-1], names[0]])
    return Drawn(figure, _sentence(groups, overall, t))


def _sentence(groups: list[Subgroup], overall: Interval | None, t: Translator) -> str:
    weighty = [group for group in groups if not group.small] or groups
    worst = min(weighty, key=lambda group: group.auroc.value)
    figure, whole = interval_text(worst.auroc, t), interval_text(overall, t)
    lowest = t.plural(
        "Lowest of the subgroups with at least {least} films: {name}, AUROC {figure} on {n} film; all films "
        "{overall}, the line.",
        "Lowest of the subgroups with at least {least} films: {name}, AUROC {figure} on {n} films; all films "
        "{overall}, the line.",
        worst.films,
        least=LEAST_FILMS,
        name=worst.name,
        figure=figure,
        overall=whole,
    )
    how_to_read = t(
        "Behind a name: its films and, as 2/3, the labels that could be measured, where these are not all; "
        "means over other labels are not to be compared with the line. Smaller subgroups are grey rings."
    )
    return f"{lowest} {how_to_read}"


def _beyond(far: float | None, near: float | None) -> float:
    return max(far - near, 0.0) if far is not None and near is not None else 0.0
