"""The evaluation of the grounding check."""

from pathlib import Path

import pytest

from eval.assistant.conversations import DemoInstallation, Played, read_conversations
from eval.assistant.grounding import GroundingReport, run, to_markdown
from eval.assistant.perturbations import KINDS
from eval.assistant.tool_calls import play_all
from tests.conftest import Demo

CHOSEN = ("compare-01", "similar-01", "measure-01", "atlas-01", "study-01")


@pytest.fixture(scope="module")
def played(demo: Demo) -> list[Played]:
    cases = [c for c in read_conversations() if c.id in CHOSEN]
    return play_all("offline", cases, DemoInstallation(demo.settings))


@pytest.fixture(scope="module")
def report(played: list[Played]) -> GroundingReport:
    return run(played=played, per_kind=15)


def test_every_kind_is_tried_in_both_wordings(report: GroundingReport):
    assert {(k.kind, k.wording) for k in report.kinds} == {(k, w) for k in KINDS for w in ("answers", "other words")}
    for kind in ("number", "unit", "id", "type", "sex", "age", "swapped records", "invented sentence"):
        assert report.caught(kind).total > 0
    assert all(k.caught.total <= 15 for k in report.kinds)


def test_nearly_all_is_caught_and_nothing_the_assistant_says_is_cut(report: GroundingReport):
    assert report.caught().total > 100
    assert report.caught().value >= 0.97
    assert report.kept["answers"].value == 1
    assert len(report.missed) == report.caught().total - report.caught().right


def test_the_same_seed_gives_the_same_report(played: list[Played], report: GroundingReport):
    assert run(played=played, per_kind=15) == report


def test_a_check_that_lets_everything_through_catches_nothing(played: list[Played], monkeypatch: pytest.MonkeyPatch):
    from assistant.grounding.checker import Checker, CheckResult

    monkeypatch.setattr(Checker, "check", lambda self, sentence: CheckResult())
    report = run(played=played, per_kind=3)
    assert report.caught().right == 0
    assert report.missed
    assert all(kept.value == 1 for kept in report.kept.values())


def test_the_table_shows_what_was_missed_and_cut(report: GroundingReport, tmp_path: Path):
    text = to_markdown(report)
    assert "| **perturbed, caught** |" in text
    assert "| **honest, cut** |" in text
    assert all(example.sentence in text for example in (*report.missed, *report.cut))
