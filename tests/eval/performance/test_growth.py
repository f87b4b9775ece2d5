"""Searching in parts loses nothing, and what is reckoned from it follows from what was measured."""

import numpy as np
import pytest

from eval.performance.growth import RENTED, SIZES, plan, read_kept, to_markdown
from eval.performance.lesion_costs import LesionCosts
from eval.performance.scale_engines import FILTERS
from eval.performance.shards import ShardedTimes, measure_shards

COSTS = LesionCosts(
    database_bytes=30_000, columns_bytes=2_100, vector_bytes=2_000, embed_cpu_ms=4, write_cpu_ms=1, load=0
)


def part(lesions: int, slowest_ms: float) -> ShardedTimes:
    return ShardedTimes(
        lesions=lesions, shards=1, filter="none", passing=1, recall=1, cpu_ms=slowest_ms, slowest_ms=slowest_ms,
        merge_ms=0, compressed_bytes=40, load=0,
    )  # fmt: skip


@pytest.mark.parametrize("shards", [1, 3])
def test_the_ten_best_of_all_parts_are_the_ten_best_of_all(shards: int) -> None:
    measured = measure_shards(1000, shards, queries=4, dim=32)
    assert [each.filter for each in measured] == list(FILTERS)
    for each in measured:
        assert each.recall == 1
        assert 0 < each.slowest_ms <= each.cpu_ms
        assert each.compressed_bytes > 0


def test_a_part_is_as_large_as_the_wait_allows() -> None:
    measured = [part(100_000, 2.0), part(1_100_000, 12.0)]  # a millisecond, and another for each 100,000
    plans = {each.lesions: each for each in plan(COSTS, measured)}
    assert tuple(plans) == SIZES
    assert [plans[size].shards for size in (1_000_000, 10_000_000, 100_000_000)] == [1, 4, 35]
    largest = plans[100_000_000]
    assert largest.cpu_s == pytest.approx(1.035)
    assert largest.memory_gb == pytest.approx(214)
    assert largest.machines == int(np.ceil(214 / 6.4))  # memory needs more than 35 parts on two cores each
    assert largest.usd_per_month == pytest.approx(34 * RENTED.usd_per_hour * 730 + largest.disk_gb * 0.08)
    assert largest.filling_core_hours == pytest.approx(100e6 * 5 / 3.6e6)
    assert plans[10_000].strains["waiting"] < 1 < largest.strains["waiting"]


def test_the_kept_results_make_the_table() -> None:
    table = to_markdown(read_kept())
    assert f"| {SIZES[-1]:,} |" in table
    assert RENTED.source in table
