"""From searches in parts and what one lesion costs to 100 million: sizes, parts, cost, and what gives way first."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from eval.performance import lesion_costs, shards
from eval.performance.lesion_costs import LesionCosts, measure_lesion_costs
from eval.performance.machine import describe_cpu
from eval.performance.shards import ShardedTimes, measure_shards
from tools.domain.progress import StageProgress
from tools.settings import get_settings

RESULTS = Path(__file__).parent / "results" / "growth.json"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
HOURS_A_MONTH = 730
WAIT_MS = 30.0  # of a search, at most
FILLING_HOURS = 24.0  # of a new atlas, at most
USED = 0.8  # share of a machine's memory that is planned with


class GrowthReport(BaseModel):
    """What is measured; the rest follows from it."""

    machine: str
    queries: int
    costs: LesionCosts
    sharded: list[ShardedTimes]


@dataclass(frozen=True)
class Machine:
    """What is rented, and for how much. `source` says where the price stood, and when."""

    name: str
    cores: int
    memory_gb: float
    disk_gb: float
    usd_per_hour: float
    usd_per_disk_gb_month: float
    source: str


RENTED = Machine(
    name="AWS m7g.large, on demand, us-east-1, with gp3 volumes",
    cores=2,
    memory_gb=8,
    disk_gb=16_384,
    usd_per_hour=0.0816,
    usd_per_disk_gb_month=0.08,
    source="the hour: factualminds.com, Amazon EC2 on-demand pricing, June 2026; the volume, 16 TiB at most: "
    "menuvis1-blip.github.io, Amazon EBS, February 2026",
)


@dataclass(frozen=True)
class Plan:
    """What so many lesions need. GB are 10^9 bytes; costs are of a fleet that runs all month."""

    lesions: int
    memory_gb: float  # columns and compressed vectors, and the vectors in full, or each search waits for the disk
    disk_gb: float
    cpu_s: float  # of one query over all
    shards: int  # parts of which each is searched in time
    machines: int
    queries_per_s: float  # that the fleet answers at most
    filling_core_hours: float  # embedding
    filling_hours: float  # with one writer a machine, and all cores embedding
    usd_per_month: float
    usd_per_million_queries: float  # at full use
    recall: float  # of the ten nearest, unfiltered: of the measured split nearest to this one
    strains: dict[str, float]  # on one machine: what it takes against what there is, by what


CHANGES = {
    "waiting": "split into parts, one a core, and merge their ten best: waiting falls with the number of parts",
    "memory": "more machines, each with some parts; or local disks, for each part reads the vectors it compares again",
    "disk": "pictures on object storage, which a search never reads; the database itself on several servers",
    "filling": "embed on many machines (`index --workers N`, `RAY_ADDRESS`), and a writer for each part",
}


def measure_growth(
    sizes: Sequence[int],
    splits: Sequence[int],
    queries: int,
    progress: StageProgress | None = None,
    kept: GrowthReport | None = None,
) -> GrowthReport:
    """Search each number of lesions in each number of parts, and measure what one lesion costs.

    What `kept` has of other splits stays, where this machine measured it.
    """
    mine = kept.sharded if kept and kept.machine == describe_cpu() else []
    found = {(each.lesions, each.shards, each.filter): each for each in mine}
    for size in sizes:
        for parts in splits:
            for each in measure_shards(size, parts, queries, progress=progress):
                found[size, parts, each.filter] = each
    sharded = sorted(found.values(), key=lambda each: (each.lesions, each.shards))
    costs = measure_lesion_costs(get_settings())
    return GrowthReport(machine=describe_cpu(), queries=queries, costs=costs, sharded=sharded)


def read_kept(path: Path = RESULTS) -> GrowthReport:
    """Read what `eval scale --shards` kept."""
    return GrowthReport.model_validate_json(path.read_text())


def to_markdown(report: GrowthReport) -> str:
    """Format what was measured of parts and of one lesion, and what follows for up to 100 million."""
    tables = (
        f"{report.machine}; load {report.costs.load:.1f}. {report.queries} queries with each filter.\n",
        lesion_costs.to_markdown(report.costs),
        shards.to_markdown(report.sharded),
        plans_to_markdown(plan(report.costs, report.sharded)),
    )
    return "\n".join(tables)


def plan(
    costs: LesionCosts, sharded: Sequence[ShardedTimes], sizes: Sequence[int] = SIZES, machine: Machine = RENTED
) -> list[Plan]:
    """Compute what each number of lesions needs, from bytes and times of one lesion and of measured parts."""
    plain = [each for each in sharded if each.filter == "none"]
    fixed_ms, ms_per_lesion = _line(plain)
    compressed = min(each.compressed_bytes for each in plain)  # with the least of the projection
    merge_ms = max(each.merge_ms for each in plain)
    plans = []
    for lesions in sizes:
        memory_gb = lesions * (compressed + costs.columns_bytes) / 1e9
        disk_gb = lesions * (costs.database_bytes + costs.columns_bytes + compressed) / 1e9
        scan_ms = lesions * ms_per_lesion
        shards = max(1, ceil(scan_ms / (WAIT_MS - fixed_ms - merge_ms)))
        machines = max(
            ceil(shards / machine.cores), ceil(memory_gb / (USED * machine.memory_gb)), ceil(disk_gb / machine.disk_gb)
        )
        cpu_s = (scan_ms + shards * (fixed_ms + merge_ms)) / 1e3
        embed_h = lesions * costs.embed_cpu_ms / 3.6e6
        write_h = lesions * costs.write_cpu_ms / 3.6e6
        alone_h = embed_h / machine.cores + write_h
        usd = machines * machine.usd_per_hour * HOURS_A_MONTH + disk_gb * machine.usd_per_disk_gb_month
        nearest = min(plain, key=lambda each: abs(np.log(each.lesions / each.shards / (lesions / shards))))
        plans.append(
            Plan(
                lesions=lesions,
                memory_gb=memory_gb,
                disk_gb=disk_gb,
                cpu_s=cpu_s,
                shards=shards,
                machines=machines,
                queries_per_s=machines * machine.cores / cpu_s,
                filling_core_hours=embed_h + write_h,
                filling_hours=alone_h / machines,
                usd_per_month=usd,
                usd_per_million_queries=cpu_s / 3600 * machine.usd_per_hour / machine.cores * 1e6,
                recall=nearest.recall,
                strains={
                    "waiting": (scan_ms + fixed_ms) / WAIT_MS,
                    "memory": memory_gb / (USED * machine.memory_gb),
                    "disk": disk_gb / machine.disk_gb,
                    "filling": alone_h / FILLING_HOURS,
                },
            )
        )
    return plans


def _line(plain: Sequence[ShardedTimes]) -> tuple[float, float]:
    """Fit a straight line to the slowest parts' times: fixed milliseconds, and milliseconds a lesion."""
    sizes = np.array([each.lesions / each.shards for each in plain])
    slowest = np.array([each.slowest_ms - each.merge_ms for each in plain])
    slope, fixed = np.polyfit(sizes, slowest, 1) if len(set(sizes)) > 1 else (0.0, 0.0)
    if slope <= 0:  # one size alone, or nothing but noise: in proportion to the largest
        largest = int(np.argmax(sizes))
        return 0.0, float(slowest[largest] / sizes[largest])
    return max(float(fixed), 0.0), float(slope)


def plans_to_markdown(plans: Sequence[Plan], machine: Machine = RENTED) -> str:
    """Format what is needed, what it costs, and what gives way first on one machine."""
    lines = [
        f"Machine: {machine.name}: {machine.cores} cores, {machine.memory_gb:g} GB, ${machine.usd_per_hour} an hour, "
        f"${machine.usd_per_disk_gb_month} a GB and month ({machine.source}). A search waits {WAIT_MS:.0f} ms at most.",
        "",
        "| lesions | held in memory | on the disk | parts | machines | recall@10 | CPU a query | queries a second "
        "| filling | a month | a million queries |",
        "|---" * 11 + "|",
    ]
    for each in plans:
        lines.append(
            f"| {each.lesions:,} | {_amount(each.memory_gb)} GB | {_amount(each.disk_gb)} GB | {each.shards:,} "
            f"| {each.machines:,} | {each.recall:.3f} | {_amount(each.cpu_s * 1e3)} ms | {_amount(each.queries_per_s)} "
            f"| {_amount(each.filling_core_hours)} core hours, {_amount(each.filling_hours)} h "
            f"| ${_amount(each.usd_per_month)} | ${_amount(each.usd_per_million_queries)} |"
        )
    lines += [
        "",
        f"On one such machine, times what it has ({WAIT_MS:.0f} ms, {USED:.0%} of the memory, the largest volume, "
        f"{FILLING_HOURS:.0f} hours to fill it); what gives way, and in which order:",
        "",
        "| lesions | " + " | ".join(CHANGES) + " | gives way |",
        "|---" * (len(CHANGES) + 2) + "|",
    ]
    for each in plans:
        order = sorted(CHANGES, key=lambda name: -each.strains[name])
        cells = " | ".join(f"{_amount(each.strains[name])}×" for name in CHANGES)
        broken = ", ".join(name for name in order if each.strains[name] > 1)
        lines.append(f"| {each.lesions:,} | {cells} | {broken or 'nothing: one machine does it'} |")
    lines += ["", "What changes there:", "", *(f"- **{name}**: {change}." for name, change in CHANGES.items())]
    return "\n".join(lines) + "\n"


def _amount(value: float) -> str:
    """Write two or three significant digits without an exponent."""
    if value < 0.01:
        return "<0.01"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
