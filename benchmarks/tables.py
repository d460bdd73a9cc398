"""Format measurements as Markdown tables, with the targets beside the figures.

A missed target is marked and fails nothing, since the figures depend on the machine.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from processes import medians

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from processes import Figures

__all__ = [
    "Measured",
    "growth_sentences",
    "growth_table",
    "import_table",
    "parsing_table",
    "scenario_table",
    "verdict",
]


#: The sizes, in components, that have targets.
SIZES_WITH_TARGETS = (10_000, 100_000)


class Measured(NamedTuple):
    """One scenario at one size: the runs of this version, and what they are compared with, by round.

    `predecessor` are the medians of 0.8.4, or None if it was not run or timed out.
    """

    scenario: str
    components: int
    references: int
    runs: list[Figures]
    predecessor: Figures | None
    predecessor_timed_out: bool
    parsing_runs: list[Figures]

    @property
    def size(self) -> str:
        """The size as text."""
        return f"{self.components:,} / {self.references:,}"

    @property
    def ours(self) -> Figures:
        """The medians of this version."""
        return medians(self.runs)

    @property
    def parsing(self) -> Figures | None:
        """The medians of parsing alone."""
        return medians(self.parsing_runs) if self.parsing_runs else None


def scenario_table(all_measured: Iterable[Measured], bound: float) -> str:
    """Return a table of the runs, with a row for each version."""
    rows = []
    for case in all_measured:
        if case.predecessor:
            rows.append([case.scenario, case.size, "0.8.4", *_run(case.predecessor), "1"])
        elif case.predecessor_timed_out:
            rows.append([case.scenario, case.size, "0.8.4", "", "", f"> {bound:g} s", "", "1"])
        rows.append([case.scenario, case.size, "this", *_run(case.ours), _cpu_ratio(case)])
    head = ("scenario", "components / references", "ardoqpy", "requests", "client CPU", "wall")
    return _table([*head, "peak memory (before the run)", "CPU against 0.8.4"], rows)


def parsing_table(all_measured: Iterable[Measured]) -> str:
    """Return a table that compares runs with nothing to do with parsing the same answers."""
    rows = []
    for case in all_measured:
        if not case.parsing:
            continue
        judged = case.components in SIZES_WITH_TARGETS
        # Ratios within a round, since the machine may be slower in the next.
        rounds = list(zip(case.runs, case.parsing_runs, strict=True))
        run = median(ours["cpu"] / parsing["parse"] for ours, parsing in rounds)
        without_gc = median(ours["cpu"] / parsing["parse_without_gc"] for ours, parsing in rounds)
        aggregated = median(parsing["aggregated"] / parsing["parse"] for parsing in case.parsing_runs)
        deciding = median(parsing["decide"] / parsing["parse"] for parsing in case.parsing_runs)
        rows.append(
            [
                case.size,
                f"{case.parsing['bytes'] / 1e6:.1f} MB",
                _seconds(case.parsing["parse"]),
                _seconds(case.parsing["fetch_and_parse"]),
                _seconds(case.ours["cpu"]),
                f"{run:.2f} x{verdict(run, 2.5) if judged else ''}",
                f"{without_gc:.2f} x{verdict(without_gc, 2.0) if judged else ''}",
                f"{case.ours['cpu'] / case.parsing['fetch_and_parse']:.2f} x",
                f"{aggregated:.2f} x{verdict(aggregated, 1.0) if judged else ''}",
                _seconds(case.parsing["decide"]),
                f"{deciding:.2f} x{verdict(deciding, 0.5) if judged else ''}",
                _memory(case, judged=judged),
                f"{case.ours['requests']:.0f}{verdict(case.ours['requests'], 1, ' (target: 1, {})')}",
            ]
        )
    head = ["components / references", "answers", "parsing alone", "fetching and parsing", "a whole run"]
    head += ["run / parsing", "run / parsing without the garbage collector", "run / fetching and parsing"]
    head += ["aggregated / parsing", "deciding the rows", "deciding / parsing"]
    return _table([*head, "peak memory / parsed objects", "requests per workspace"], rows)


def _memory(case: Measured, *, judged: bool) -> str:
    if not case.parsing or not case.parsing["memory"]:
        return ""
    objects = case.parsing["memory"]
    times = (case.ours["memory"] - case.ours["memory_before"]) / objects
    return f"{times:.2f} x of {objects / 1024:.0f} MiB{verdict(times, 2.5) if judged else ''}"


def growth_sentences(all_measured: Sequence[Measured]) -> list[str]:
    """Return a sentence for each pair of sizes with ten times the rows.

    Part of the growth is the machine's, as the growth of parsing shows; `growth.py` excludes it.
    """
    runs = {case.components: case for case in all_measured if case.scenario == "nothing-to-do"}
    sentences = []
    for size, few in runs.items():
        more = runs.get(10 * size)
        if more is None:
            continue
        ratios = _ratios(few.runs, more.runs, "cpu")
        parsing = _ratios(few.parsing_runs, more.parsing_runs, "fetch_and_parse")
        sentences.append(
            f"Ten times the rows ({size:,} to {10 * size:,} components), nothing to do: {_spread(ratios)} "
            f"the CPU in the same round{verdict(median(ratios), 11)}; fetching and parsing "
            f"{_spread(parsing)}."
        )
    return sentences


def _ratios(few: Sequence[Figures], more: Sequence[Figures], kind: str) -> list[float]:
    """Return the ratios of a figure between two sizes, round by round, sorted."""
    return sorted(large[kind] / small[kind] for small, large in zip(few, more, strict=True))


def _spread(ratios: Sequence[float]) -> str:
    return f"{median(ratios):.1f} x ({ratios[0]:.1f} to {ratios[-1]:.1f})"


def growth_table(runs: Mapping[int, list[Figures]]) -> str:
    """Return a table of runs and of parsing alone, with their growth to ten times the rows."""
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
            row.append(f"{_spread(ratios)}{verdict(median(ratios), 11)}")
            row.append(_spread(_ratios(all_few, more, "fetch_and_parse")))
        rows.append(row)
    head = [
        "components / references",
        "parsing alone",
        "fetching and parsing",
        "a whole run (of it system time)",
    ]
    return _table([*head, "ten times the rows: a run", "ten times the rows: fetching and parsing"], rows)


def import_table(ours: Sequence[Figures], plain: Sequence[Figures]) -> str:
    """Return a table that compares the import with the import of requests in the same round."""
    rows = [
        [f"`import {name}`", *(f"{figures[kind] * 1000:.0f} ms" for kind in ("cpu", "wall"))]
        for name, figures in (("requests", medians([*plain])), ("ardoqpy.client", medians([*ours])))
    ]
    ratio = {
        kind: median(our[kind] / bare[kind] for our, bare in zip(ours, plain, strict=True))
        for kind in ("cpu", "wall")
    }
    rows.append(["ratio", f"{ratio['cpu']:.2f} x{verdict(ratio['cpu'], 1.3)}", f"{ratio['wall']:.2f} x"])
    return _table(["", "CPU", "wall"], rows)


def _run(figures: Figures) -> list[str]:
    return [
        f"{figures['requests']:,.0f}",
        _seconds(figures["cpu"]),
        _seconds(figures["wall"]),
        f"{figures['memory'] / 1024:.0f} MiB ({figures['memory_before'] / 1024:.0f})",
    ]


def _cpu_ratio(case: Measured) -> str:
    if not case.predecessor:
        return ""
    times = case.predecessor["cpu"] / case.ours["cpu"]
    judged = (case.scenario, case.components) == ("nothing-to-do", 10_000)
    met = "met" if times >= 25 else "missed"
    return f"1/{times:.1f}" + (f" (target: at most 1/25, {met})" if judged else "")


def verdict(figure: float, most: float, template: str = " (target: at most {most:g} x, {})") -> str:
    """Return whether a figure meets its target, as text to append."""
    return template.format("met" if figure <= most else "missed", most=most)


def _seconds(figure: float) -> str:
    return f"{figure:.3f} s" if figure < 1 else f"{figure:.1f} s"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
