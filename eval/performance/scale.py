"""Search of many lesions, filtered or not, beside what people would use instead: recall, time and memory in one run."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.errors import LesionSearchError
from eval.performance.machine import describe_cpu
from eval.performance.scale_engines import ALL_LESIONS, ENGINES, FILTERS, QUERIES, K
from eval.performance.synthetic_lesions import DIM, SyntheticLesions
from tools.atlas.catalog import RowMask, Vectors
from tools.atlas.searchers import Query
from tools.atlas.snapshot import read_snapshot, write_snapshot
from tools.domain.progress import StageProgress

SIZES = (32_735, 200_000, 1_000_000)
RESULTS = Path(__file__).parent / "results" / "scale.json"
_BLOCK = 20_000  # lesions compared with all queries at a time


class ScaleError(LesionSearchError):
    """A way of searching cannot be measured here."""


class FilterTimes(BaseModel):
    """One filter: the share of the lesions that pass, recall of the ten nearest, milliseconds a query."""

    name: str
    passing: float
    recall: float
    median_ms: float
    p95_ms: float
    cpu_ms: float  # median of the processor's time, of all threads together; disturbed least by what else runs


class EngineTimes(BaseModel):
    """One way of searching so many lesions."""

    engine: str
    lesions: int
    build_s: float
    build_cpu_s: float
    open_s: float  # until it can be asked
    first_ms: float  # the first query
    peak_mb: float  # resident memory of the whole process that opened and asked
    load: float | None = None  # processes that wanted a core when it was asked; times are true where that is near one
    filters: list[FilterTimes]


class ScaleReport(BaseModel):
    machine: str
    dim: int
    queries: int
    measured: list[EngineTimes]


def measure_scale(
    sizes: Sequence[int] = SIZES,
    engines: Sequence[str] = tuple(ENGINES),
    queries: int = 100,
    dim: int = DIM,
    seed: int = 0,
    progress: StageProgress | None = None,
    kept: ScaleReport | None = None,
) -> ScaleReport:
    """Build, open and ask each engine in processes of its own, on the same synthetic lesions and queries. Linux only.

    What `kept` has of other engines or sizes stays. Raises ScaleError where an engine fails or its package is missing.
    """
    if unknown := [name for name in engines if name not in ENGINES]:
        raise ScaleError(f"There is no engine {unknown[0]!r}: choose among {', '.join(ENGINES)}.")
    if not Path("/proc/self/status").is_file():
        raise ScaleError("The peak memory of a process is read from /proc, which only Linux has: measure there.")
    measured = {(each.lesions, each.engine): each for each in kept.measured} if kept else {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="lesion-search-") as folder:
            truth = _prepare(Path(folder), SyntheticLesions(size, dim, seed), queries, progress)
            for number, name in enumerate(engines):
                if progress:
                    progress(f"{size:,} lesions: {name}", number, len(engines))
                measured[size, name] = _measured(Path(folder), name, size, truth)
            if progress:
                progress(f"{size:,} lesions", len(engines), len(engines))
    order = list(ENGINES)
    found = sorted(measured.values(), key=lambda each: (each.lesions, order.index(each.engine)))
    return ScaleReport(machine=describe_cpu(), dim=dim, queries=queries, measured=found)


def _prepare(
    folder: Path, lesions: SyntheticLesions, queries: int, progress: StageProgress | None
) -> dict[str, tuple[RowMask, NDArray[np.intp]]]:
    """Write lesions and queries; find what each filter lets pass and the ten nearest of each query (Q, 10) among it."""
    catalog = lesions.catalog()

    def fill(out: Vectors) -> None:
        done = 0
        for vectors in lesions.vectors():
            out[done : done + len(vectors)] = vectors
            done += len(vectors)
            if progress:
                progress(f"{lesions.count:,} lesions: made", done, lesions.count)

    if not write_snapshot(folder, ALL_LESIONS, catalog, lesions.dim, fill):
        raise ScaleError(f"{lesions.count:,} lesions do not fit on the disk: free some space, or set TMPDIR.")
    asked = lesions.queries(queries)
    np.save(folder / QUERIES, asked)
    kept = read_snapshot(folder, ALL_LESIONS, sys.maxsize)
    assert kept is not None
    assert kept.vectors is not None
    truth = {}
    for name, filters in FILTERS.items():
        mask = Query.of(catalog, K, filters, None).mask
        truth[name] = mask, _nearest(kept.vectors, asked, np.flatnonzero(mask))
    return truth


def _nearest(vectors: Vectors, queries: Vectors, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Compare all with all, some at a time: the rows (Q, 10) of the nearest."""
    best = np.zeros((len(queries), 0), np.intp)
    similarity = np.zeros((len(queries), 0), np.float32)
    for start in range(0, len(rows), _BLOCK):
        some = rows[start : start + _BLOCK]
        similarity = np.concatenate((similarity, queries @ vectors[some].T), axis=1)
        best = np.concatenate((best, np.tile(some, (len(queries), 1))), axis=1)
        order = np.argsort(-similarity, axis=1)[:, :K]
        best, similarity = np.take_along_axis(best, order, 1), np.take_along_axis(similarity, order, 1)
    return best


def _measured(folder: Path, name: str, size: int, truth: dict[str, tuple[RowMask, NDArray[np.intp]]]) -> EngineTimes:
    built, load, asked = _run(folder, name, "build"), os.getloadavg()[0], _run(folder, name, "search")
    filters = []
    for filter_name, times in asked["filters"].items():
        mask, nearest = truth[filter_name]
        wall, cpu = np.array(times["wall_s"]) * 1e3, np.array(times["cpu_s"]) * 1e3
        hits = sum(len(set(rows) & set(best.tolist())) for rows, best in zip(times["rows"], nearest, strict=True))
        filters.append(
            FilterTimes(
                name=filter_name,
                passing=float(mask.mean()),
                recall=hits / max(nearest.size, 1),
                median_ms=float(np.median(wall)),
                p95_ms=float(np.quantile(wall, 0.95)),
                cpu_ms=float(np.median(cpu)),
            )
        )
    return EngineTimes(
        engine=name,
        lesions=size,
        build_s=built["step_s"],
        build_cpu_s=built["step_cpu_s"],
        open_s=asked["open_s"],
        first_ms=asked["first_s"] * 1e3,
        peak_mb=asked["peak_mb"],
        load=load,
        filters=filters,
    )


def _run(folder: Path, name: str, step: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "eval.performance.scale_engines", name, step, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise ScaleError(f"{name} cannot be measured ({step}): {reason}. Peers are in `lesion-search[dev]`.")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def read_results(path: Path = RESULTS) -> ScaleReport | None:
    """Read what was measured on this machine; None where that is nothing."""
    if not path.is_file():
        return None
    report = ScaleReport.model_validate_json(path.read_text())
    return report if report.machine == describe_cpu() else None


def to_markdown(report: ScaleReport) -> str:
    """Format one table a size: for each filter recall, median and 95th percentile; opening, building and memory."""
    lines = [f"{report.machine}. {report.dim} dimensions, {report.queries} queries a filter; ms a query."]
    for size in sorted({each.lesions for each in report.measured}):
        engines = [each for each in report.measured if each.lesions == size]
        shares = [f"{each.name} ({each.passing:.2%} pass)" for each in engines[0].filters]
        ours = {f.name: f.cpu_ms for each in engines if each.engine == "atlas" for f in each.filters}
        lines += [
            "",
            f"{size:,} lesions: recall@{K}; median / p95; median of processor time, and times the atlas's:",
            "",
        ]
        lines += ["| | " + " | ".join((*shares, "built in", "opened in", "peak memory", "load")) + " |"]
        lines += ["|---" * (len(shares) + 5) + "|"]
        for each in engines:
            cells = [
                f"{f.recall:.3f}; {f.median_ms:.1f} / {f.p95_ms:.1f}; {f.cpu_ms:.1f}"
                + (f" (×{f.cpu_ms / ours[f.name]:.2g})" if f.name in ours else "")
                for f in each.filters
            ]
            cells += [f"{each.build_s:,.0f} s", f"{each.open_s:.1f} s", f"{each.peak_mb:,.0f} MB"]
            cells.append("not recorded" if each.load is None else f"{each.load:.1f}")
            lines.append(f"| {each.engine} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def draw(report: ScaleReport, path: Path) -> Path:
    """Draw median and 95th percentile over the number of lesions, one panel a filter, one line an engine."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ScaleError("Figures need matplotlib: `pip install lesion-search[figures]`.") from error
    figure = Figure(figsize=(3.4 * len(FILTERS), 3.8), layout="constrained", dpi=150)
    panels = np.atleast_1d(figure.subplots(1, len(FILTERS), sharey=True))
    for panel, name in zip(panels, FILTERS, strict=True):
        for number, engine in enumerate(ENGINES):
            points = [
                (each.lesions, times.median_ms, times.p95_ms, times.recall)
                for each in report.measured
                for times in each.filters
                if each.engine == engine and times.name == name
            ]
            if not points:
                continue
            size, median, p95, recall = np.array(points).T
            panel.fill_between(size, median, p95, color=f"C{number}", alpha=0.15, linewidth=0)
            panel.plot(size, median, "o-", color=f"C{number}", label=engine)
            for x, y, found in zip(size, median, recall, strict=True):
                if found < 0.95:  # quick, and wrong
                    label = f"recall {found:.2f}"
                    where = {"xytext": (7, 3), "textcoords": "offset points"}
                    panel.annotate(label, (x, y), fontsize="x-small", color=f"C{number}", **where)
        share = next(times.passing for each in report.measured for times in each.filters if times.name == name)
        panel.set(title=f"filter: {name} ({share:.1%} pass)", xlabel="lesions", xscale="log", yscale="log")
        panel.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("ms a query: median to 95th percentile")
    panels[0].legend(fontsize="small")
    figure.suptitle(report.machine, fontsize="x-small")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as error:
        raise ScaleError(f"The figure cannot be written to {path}: {error.strerror or error}.") from error
    return path
