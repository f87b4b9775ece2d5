"""The page's speed: the long series is what it says, and the measure comes back from a real browser."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.performance import page as page_speed
from eval.performance.page import (
    CLICK,
    COMPLETE,
    FIRST_WORD,
    OPEN_FILES,
    OPEN_ZIP,
    STEPS,
    TARGETS_MS,
    PageSpeedError,
    PageSpeedReport,
    PageTiming,
    measure_page_speed,
    to_markdown,
    write_long_series,
)


def test_the_long_series_goes_up_and_down_through_the_phantom(demo: Any, tmp_path: Path) -> None:
    from tools.intake.intake import read_study
    from tools.pipelines.demo import patient_keys

    case = demo.case("liver")
    keys = patient_keys(demo.settings)
    original = read_study(case.folder, keys).series[0].volume_hu
    files = write_long_series(case.folder, tmp_path, 67)
    assert len(files) == 67
    series = read_study(tmp_path, keys).series[0]
    assert series.volume_hu.shape[0] == 67
    assert series.spacing_mm[0] == pytest.approx(1.0)
    for k, slice_hu in enumerate(original):
        assert np.array_equal(series.volume_hu[STEPS * k], slice_hu)
    there_and_back = 2 * STEPS * (len(original) - 1)
    assert np.array_equal(series.volume_hu[there_and_back], original[0])


def test_a_folder_without_a_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PageSpeedError, match="no series"):
        write_long_series(tmp_path, tmp_path, 10)


def test_the_table_says_what_was_met() -> None:
    timings = tuple(
        PageTiming(name=name, runs=3, p50_ms=100, p95_ms=200, target_ms=target) for name, target in TARGETS_MS.items()
    )
    report = PageSpeedReport(cpu="2 cores, AVX2", load=0.5, slices=300, atlas_size=612, timings=timings)
    table = to_markdown(report)
    assert "| click to outlined region | 3 | 100 ms | 200 ms | under 150 ms | no |" in table
    assert "| question to answer with gallery | 3 | 100 ms | 200 ms | under 1200 ms | yes |" in table
    assert "300 slices, 612 atlas lesions, 2 cores, AVX2, load 0.5" in table


@pytest.mark.browser
def test_a_browser_is_timed(demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_speed, "OPENINGS", 1)
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        pytest.skip("no Chromium on the PATH: apt-get install chromium")
    with ThreadPoolExecutor(1) as own_thread:  # one thread holds one Playwright, and the browser tests have theirs
        report = own_thread.submit(measure_page_speed, runs=2, slices=40, settings=demo.settings).result()
    by_name = {timing.name: timing for timing in report.timings}
    assert list(by_name) == [OPEN_FILES, OPEN_ZIP, CLICK, FIRST_WORD, COMPLETE]
    assert all(0 < timing.p50_ms <= timing.p95_ms for timing in report.timings)
    assert by_name[FIRST_WORD].p50_ms <= by_name[COMPLETE].p50_ms
