"""One thing timed beside another that does the same, in turns, so that whatever disturbs one disturbs the other."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict


class Timing(BaseModel):
    """Times of one item in ms: median, quartiles, and the 95th percentile."""

    model_config = ConfigDict(frozen=True)

    median_ms: float
    low_ms: float
    high_ms: float
    p95_ms: float

    @classmethod
    def of(cls, times_ms: Sequence[float]) -> "Timing":
        """Sum up the times of the rounds."""
        low, median, high, p95 = (float(value) for value in np.percentile(times_ms, (25, 50, 75, 95)))
        return cls(median_ms=median, low_ms=low, high_ms=high, p95_ms=p95)

    def __str__(self) -> str:
        return f"{self.median_ms:.3g} ms ({self.low_ms:.3g}–{self.high_ms:.3g})"


class Comparison(BaseModel):
    """What is timed, on which item, beside what; `target_ms` is what our median shall stay under."""

    model_config = ConfigDict(frozen=True)

    name: str
    item: str
    peer: str
    ours: Timing
    theirs: Timing | None  # None where the peer is not installed
    target_ms: float | None = None
    target_p95_ms: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as long the peer takes."""
        return None if self.theirs is None else self.theirs.median_ms / self.ours.median_ms

    @property
    def met(self) -> bool | None:
        """Tell whether the targets are met; None where there are none."""
        if self.target_ms is None:
            return None
        return self.ours.median_ms <= self.target_ms and self.ours.p95_ms <= (self.target_p95_ms or np.inf)


def compare(
    name: str,
    item: str,
    ours: Callable[[], object],
    peer: str,
    theirs: Callable[[], object] | None,
    items: tuple[int, int] = (1, 1),
    rounds: int = 5,
    target_ms: float | None = None,
    target_p95_ms: float | None = None,
    rest_s: float = 0.0,
) -> Comparison:
    """Run both in turns, once before to warm up. `items` is how many the two of them handle in one call.

    `rest_s` passes before each call, untimed: what a server prepares while nobody asks is not asked of it.
    """
    works = [ours] if theirs is None else [ours, theirs]
    for work in works:
        work()
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for place, work in enumerate(works):
            time.sleep(rest_s)
            began = time.perf_counter()
            work()
            times[place].append(1000 * (time.perf_counter() - began) / items[place])
    return Comparison(
        name=name,
        item=item,
        peer=peer,
        ours=Timing.of(times[0]),
        theirs=Timing.of(times[1]) if times[1] else None,
        target_ms=target_ms,
        target_p95_ms=target_p95_ms,
    )


def to_rows(comparisons: Sequence[Comparison]) -> str:
    """Format comparisons as a Markdown table: medians with quartiles."""
    lines = ["| | ours | beside | ratio | wanted |", "|---|---|---|---|---|"]
    for each in comparisons:
        rate = 1000 / each.ours.median_ms
        ours = f"{each.ours} a {each.item}" + (f", {rate:,.0f}/s" if rate >= 10 else "")
        beside = f"{each.peer}: {each.theirs or 'not installed'}"
        ratio = "" if each.ratio is None else f"{each.ratio:.3g}×"
        wanted = ""
        if each.target_ms is not None:
            wanted = f"at most {each.target_ms:g} ms"
            if each.target_p95_ms is not None:
                wanted += f", p95 {each.target_p95_ms:g} ms (here {each.ours.p95_ms:.0f})"
            wanted += ": met" if each.met else ": missed"
        lines.append(f"| {each.name} | {ours} | {beside} | {ratio} | {wanted} |")
    return "\n".join(lines)


def draw(comparisons: Sequence[Comparison], title: str, path: Path) -> Path:
    """Draw how many times as long each peer takes, as bars on a logarithmic scale. Returns the path."""
    from matplotlib.figure import Figure

    shown = [each for each in comparisons if each.ratio is not None][::-1]
    ratios: NDArray[np.float64] = np.array([each.ratio for each in shown])
    figure = Figure(figsize=(9, 1.2 + 0.42 * len(shown)), layout="constrained")
    axes = figure.subplots()
    colours = ["#2b6cb0" if ratio >= 1 else "#c05621" for ratio in ratios]
    axes.barh(range(len(shown)), ratios - 1, left=1, color=colours)
    axes.set_yticks(range(len(shown)), [f"{each.name}\nbeside {each.peer}" for each in shown], fontsize=8)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    for place, ratio in enumerate(ratios):
        axes.annotate(f" {ratio:.3g}×", (max(ratio, 1), place), va="center", fontsize=8)
    axes.set_xlabel("times as long as ours (median of the same run)")
    axes.margins(x=0.12)
    axes.set_title(title, fontsize=8, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return path
