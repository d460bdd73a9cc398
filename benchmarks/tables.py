"""What was measured, as Markdown, with the targets beside the figures.

A missed target is said, and never fails anything: the figures come from whatever machine this is.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from processes import medians

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from processes import Figures

__all__ = ["Measured", "floor_table", "growth_table", "import_table", "linearity", "scenario_table"]


#: The sizes, in components, at which the targets are set.
JUDGED = (10_000, 100_000)


class Measured(NamedTuple):
    """One scenario at one size: turn by turn this library's runs, and what they are measured against.

    `theirs` are the medians of 0.8.4, None where it was not run or took too long.
    """

    scenario: str
    components: int
    references: int
    runs: list[Figures]
    theirs: Figures | None
    theirs_took_too_long: bool
    floors: list[Figures]

    @property
    def size(self) -> str:
        """The size in words."""
        return f"{self.components:,} / {self.references:,}"

    @property
    def ours(self) -> Figures:
        """The medians of this library."""
        return medians(self.runs)

    @property
    def floor(self) -> Figures | None:
        """The medians of what it is measured against."""
        return medians(self.floors) if self.floors else None


def scenario_table(all_measured: Iterable[Measured], bound: float) -> str:
    """Return the runs, a row for each library."""
    rows = []
    for one in all_measured:
        if one.theirs:
            rows.append([one.scenario, one.size, "0.8.4", *_run(one.theirs), "1"])
        elif one.theirs_took_too_long:
            rows.append([one.scenario, one.size, "0.8.4", "", "", f"> {bound:g} s", "", "1"])
        rows.append([one.scenario, one.size, "this", *_run(one.ours), _cpu_ratio(one)])
    head = ("scenario", "components / references", "ardoqpy", "requests", "client CPU", "wall")
    return _table([*head, "peak memory (before the run)", "CPU against 0.8.4"], rows)


def floor_table(all_measured: Iterable[Measured]) -> str:
    """Return a run with nothing to do beside fetching and parsing the same answers."""
    rows = []
    for one in all_measured:
        if not one.floor:
            continue
        wanted = one.components in JUDGED
        # Of one turn, since the next may find another machine.
        run = median(ours["cpu"] / floor["parse"] for ours, floor in zip(one.runs, one.floors, strict=True))
        deciding = median(floor["decide"] / floor["parse"] for floor in one.floors)
        rows.append(
            [
                one.size,
                f"{one.floor['bytes'] / 1e6:.1f} MB",
                _seconds(one.floor["parse"]),
                _seconds(one.floor["fetch_and_parse"]),
                _seconds(one.ours["cpu"]),
                f"{run:.2f} x{_verdict(run, 2.5) if wanted else ''}",
                f"{one.ours['cpu'] / one.floor['fetch_and_parse']:.2f} x",
                _seconds(one.floor["decide"]),
                f"{deciding:.2f} x{_verdict(deciding, 0.5) if wanted else ''}",
                _memory(one, wanted=wanted),
                f"{one.ours['requests']:.0f}{_verdict(one.ours['requests'], 1, ' (target: 1, {})')}",
            ]
        )
    head = ["components / references", "answers", "parsing alone", "fetching and parsing", "a whole run"]
    head += ["run / parsing", "run / fetching and parsing", "deciding the rows", "deciding / parsing"]
    return _table([*head, "peak memory / parsed objects alone", "requests per workspace"], rows)


def _memory(one: Measured, *, wanted: bool) -> str:
    if not one.floor or not one.floor["memory"]:
        return ""
    times = (one.ours["memory"] - one.ours["memory_before"]) / one.floor["memory"]
    return f"{times:.2f} x of {one.floor['memory'] / 1024:.0f} MiB{_verdict(times, 2.5) if wanted else ''}"


def linearity(all_measured: Sequence[Measured]) -> list[str]:
    """Return a sentence for each pair of sizes of which one has ten times the rows of the other.

    Much of such a step is the machine's own, as that of parsing alone shows: `growth.py` sets it aside.
    """
    runs = {one.components: one for one in all_measured if one.scenario == "nothing-to-do"}
    sentences = []
    for size, few in runs.items():
        more = runs.get(10 * size)
        if more is None:
            continue
        ratios = _ratios(few.runs, more.runs, "cpu")
        floors = _ratios(few.floors, more.floors, "fetch_and_parse")
        sentences.append(
            f"Ten times the rows ({size:,} to {10 * size:,} components), nothing to do: {_spread(ratios)} "
            f"the CPU in the same turn{_verdict(median(ratios), 11)}; fetching and parsing {_spread(floors)}."
        )
    return sentences


def _ratios(few: Sequence[Figures], more: Sequence[Figures], kind: str) -> list[float]:
    """Return how many times a figure of the smaller size the larger took, turn by turn, the smallest
    first.
    """
    return sorted(large[kind] / small[kind] for small, large in zip(few, more, strict=True))


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.1f} x ({ratios[0]:.1f} to {ratios[-1]:.1f})"


def growth_table(runs: Mapping[int, list[Figures]]) -> str:
    """Return each size beside one of ten times the rows, of the same turn: a run, and parsing its
    answer alone.
    """
    rows = []
    for size, all_few in runs.items():
        figures = medians(all_few)
        row = [f"{size:,} / {2 * size:,}", _seconds(figures["parse"]), _seconds(figures["fetch_and_parse"])]
        row += [f"{_seconds(figures['cpu'])} ({_seconds(figures['system'])})"]
        more = runs.get(10 * size)
        if more is None:
            row += ["", ""]
        else:
            ratios = _ratios(all_few, more, "cpu")
            row.append(f"{_spread(ratios)}{_verdict(median(ratios), 11)}")
            row.append(_spread(_ratios(all_few, more, "fetch_and_parse")))
        rows.append(row)
    head = [
        "components / references",
        "parsing alone",
        "fetching and parsing",
        "a whole run (of it system time)",
    ]
    return _table([*head, "ten times the rows: a run", "ten times the rows: fetching and parsing"], rows)


def import_table(ours: Sequence[Figures], floors: Sequence[Figures]) -> str:
    """Return what the import takes, beside the import of requests alone in the same turn."""
    rows = [
        [f"`import {name}`", *(f"{figures[kind] * 1000:.0f} ms" for kind in ("cpu", "wall"))]
        for name, figures in (("requests", medians([*floors])), ("ardoqpy.client", medians([*ours])))
    ]
    ratio = {
        kind: median(our[kind] / floor[kind] for our, floor in zip(ours, floors, strict=True))
        for kind in ("cpu", "wall")
    }
    rows.append(["ratio", f"{ratio['cpu']:.2f} x{_verdict(ratio['cpu'], 1.3)}", f"{ratio['wall']:.2f} x"])
    return _table(["", "CPU", "wall"], rows)


def _run(figures: Figures) -> list[str]:
    return [
        f"{figures['requests']:,.0f}",
        _seconds(figures["cpu"]),
        _seconds(figures["wall"]),
        f"{figures['memory'] / 1024:.0f} MiB ({figures['memory_before'] / 1024:.0f})",
    ]


def _cpu_ratio(one: Measured) -> str:
    if not one.theirs:
        return ""
    times = one.theirs["cpu"] / one.ours["cpu"]
    wanted = (one.scenario, one.components) == ("nothing-to-do", 10_000)
    met = "met" if times >= 25 else "missed"
    return f"1/{times:.1f}" + (f" (target: at most 1/25, {met})" if wanted else "")


def _verdict(figure: float, most: float, words: str = " (target: at most {most:g} x, {})") -> str:
    return words.format("met" if figure <= most else "missed", most=most)


def _seconds(figure: float) -> str:
    return f"{figure:.3f} s" if figure < 1 else f"{figure:.1f} s"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
