"""What is counted of suggestions, on DeepLesion in miniature."""

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from eval.cli import app
from eval.regions.suggestions import (
    SuggestedSlice,
    SuggestionReports,
    by_slice,
    cross_validation_to_markdown,
    summarize,
    to_markdown,
)
from tests.eval.regions.test_measurement import write_deeplesion
from tools.pipelines.measured_lesions import MeasuredLesion


def test_a_lone_ball_is_among_the_suggestions(tmp_path: Path) -> None:
    images, table = write_deeplesion(tmp_path, (8, 12))
    result = CliRunner().invoke(app, ["regions", "--images", str(images), "--csv", str(table), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["slices"], found["patients"], found["lesions"]) == (2, 2, 2)
    assert found["recall_at_5"] == 1
    assert found["precision"] == 2 / found["suggestions"]


def test_shares_are_of_lesions_and_of_suggestions() -> None:
    one, other = SuggestedSlice("a", (True, False), (True,)), SuggestedSlice("b", (False,), (False, False))
    report = summarize("made up", [one, other])
    assert (report.recall_at_5, report.precision, report.suggestions) == (1 / 3, 1 / 3, 3)
    assert "| made up | 2 | 2 | 3 | 33% (0%–100%) | 1.5 | 33% (0%–50%) |" in to_markdown(
        SuggestionReports(reports=[report])
    )
    assert summarize("nothing suggested", [SuggestedSlice("a", (), (False,))]).precision == 0


def test_lesions_of_one_slice_are_asked_about_together() -> None:
    def lesion(value: int, patient: str) -> MeasuredLesion:
        image = np.full((4, 4), value, np.int16)
        return MeasuredLesion(image, (1, 1), (2, 2), None, (1, 1), patient, "made up")

    lesions = [lesion(0, "a"), lesion(0, "a"), lesion(1, "a"), lesion(1, "b")]
    assert [len(each) for each in by_slice(lesions)] == [2, 1, 1]


def test_what_training_kept_is_shown() -> None:
    assert "| key slices | 71 | 72 |" in cross_validation_to_markdown()
