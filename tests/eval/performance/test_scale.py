"""The comparison of search at scale: every way on the same lesions, and no recall that is not counted."""

import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.performance.scale import ScaleError, draw, measure_scale, read_results, to_markdown
from eval.performance.scale_engines import ENGINES, FILTERS
from eval.performance.synthetic_lesions import SyntheticLesions

linux = pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")


@pytest.fixture(scope="module")
def report():
    return measure_scale([1500], queries=4, dim=64)


@linux
def test_every_way_finds_what_is_nearest(report, tmp_path) -> None:
    assert [each.engine for each in report.measured] == list(ENGINES)
    for each in report.measured:
        assert [times.name for times in each.filters] == list(FILTERS)
        for times in each.filters:
            exact = each.engine in ("atlas", "numpy", "FAISS flat")
            assert times.recall == 1 if exact else 0 <= times.recall <= 1
            assert 0 < times.median_ms <= times.p95_ms
        assert each.peak_mb > 20
    table = to_markdown(report)
    assert "1,500 lesions" in table
    assert all(f"\n| {name} | " in table for name in ENGINES)
    assert report.machine in table
    assert draw(report, tmp_path / "scale.png").read_bytes().startswith(b"\x89PNG")


@linux
def test_what_was_measured_before_stays_and_is_one_document(tmp_path, report) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text(report.model_dump_json())
    arguments = ["scale", "--lesions", "1500", "--engine", "numpy", "--queries", "2", "--keep", str(kept), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert {each["engine"] for each in json.loads(result.stdout)["measured"]} == set(ENGINES)
    assert read_results(kept) is not None


def test_an_engine_that_nobody_knows_is_a_sentence() -> None:
    with pytest.raises(ScaleError, match="no engine 'oracle': choose among atlas, Chroma"):
        measure_scale([1500], ["oracle"])


def test_synthetic_lesions_are_the_same_every_time_and_no_query_is_one() -> None:
    made, again = SyntheticLesions(7000, dim=16), SyntheticLesions(7000, dim=16)
    catalog = made.catalog()
    assert [catalog.lesion(row) for row in (0, 6999)] == [again.catalog().lesion(row) for row in (0, 6999)]
    assert [catalog.row(f"synthetic-{row:08}") for row in (0, 4321)] == [0, 4321]
    vectors = np.concatenate(list(made.vectors()))
    assert (vectors == np.concatenate(list(again.vectors()))).all()
    assert (vectors @ made.queries(5).T).max() < 0.9999
    of_type = vectors[catalog.type == 0]
    assert np.median(of_type @ of_type.T) > np.median(of_type @ vectors.T)  # types are told apart by their vectors
