"""The speed report measures what it says; how fast is not asserted, machines differ."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoder.embedder import load_embedder
from eval.performance import encoding, serving
from eval.performance.comparison import Comparison, Timing, compare, draw, to_rows
from eval.performance.machine import describe_cpu
from eval.performance.peers import PlainSearch, itk_frangi, pydicom_volume, simpleitk_volume
from eval.performance.speed import SpeedReport, to_markdown
from tools.intake.intake import read_study
from tools.pipelines.demo import patient_keys


def test_both_run_in_turns_and_times_are_of_one_item() -> None:
    calls: list[str] = []
    compared = compare(
        "a", "thing", lambda: calls.append("ours"), "b", lambda: calls.append("theirs"), (4, 2), rounds=3
    )
    assert calls == ["ours", "theirs"] * 4  # once to warm up
    assert compared.theirs is not None
    assert compared.ours.low_ms <= compared.ours.median_ms <= compared.ours.high_ms <= compared.ours.p95_ms
    assert compare("a", "thing", lambda: None, "b", None, rounds=1).ratio is None


def comparison(ours_ms: float, theirs_ms: float, **more: Any) -> Comparison:
    times = (Timing.of([value]) for value in (ours_ms, theirs_ms))
    ours, theirs = times
    return Comparison(name="Frangi", item="image", peer="scikit-image", ours=ours, theirs=theirs, **more)


def test_the_table_has_ratio_rate_and_what_was_wanted(tmp_path: Path) -> None:
    rows = to_rows([comparison(0.5, 20.0), comparison(70, 20, target_ms=60, target_p95_ms=120)])
    assert "0.5 ms (0.5–0.5) a image, 2,000/s | scikit-image: 20 ms (20–20) | 40× |" in rows
    assert "| 0.286× | at most 60 ms, p95 120 ms (here 70): missed |" in rows
    picture = draw([comparison(0.5, 20.0), comparison(70, 20)], "two cores", tmp_path / "speed.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    report = SpeedReport(cpu="two cores", load=0, comparisons=(comparison(1, 2),), frangi_largest_difference=1e-6)
    assert to_markdown(report).startswith("two cores; load 0 at the start.")


def test_the_processor_is_named() -> None:
    assert "cores" in describe_cpu()


def test_filters_and_encoders_are_compared() -> None:
    assert encoding.frangi_difference(2) < 1e-5
    rows = encoding.frangi_speed(1, batch=2, shapes_2d=((64, 64),), shapes_3d=((8, 16, 16),))
    assert [row.name for row in rows] == ["Frangi 64×64"] * 2 + ["Frangi 8×16×16"] * 2
    rows = [*encoding.encoding_speed(load_embedder(), 1, rois=16), *encoding.training_speed(1, rois=8)]
    assert all(row.ratio is not None and row.ratio > 0 for row in rows)


def test_itk_finds_the_vessel_that_we_find() -> None:
    pytest.importorskip("SimpleITK")
    image = np.zeros((32, 32), np.float32)
    image[16, 4:28] = 1
    response = itk_frangi()(image, (1.0, 2.0))
    assert response[16, 10:22].min() > 0.1 > response[5].max()


def test_peers_read_what_we_read_and_find_ten(demo: Any) -> None:
    file, box = serving.queries(demo.settings.samples, 1)[0]
    ours = read_study(file.parent, patient_keys(demo.settings)).series[0].volume_hu
    files = sorted(file.parent.glob("*.dcm"))
    np.testing.assert_array_equal(pydicom_volume(files), ours)
    read = simpleitk_volume()
    if read is not None:
        np.testing.assert_array_equal(read(file.parent), ours)
    assert len(PlainSearch(20).search(file, box)["ids"][0]) == 10


def test_serving_is_compared(demo: Any) -> None:
    (search,) = serving.end_to_end_speed(demo.settings, 1)
    (index,) = serving.indexing_speed(demo.settings, load_embedder(), 1, lesions=64)
    intake = serving.intake_speed(demo.settings, 1, slices=20)
    assert search.target_p95_ms == 120
    assert index.target_ms == 1.25
    assert [row.peer for row in intake] == ["pydicom, file by file", "SimpleITK"]
