"""Blind pairs of template and model prose: what is shown, and what the check leaves."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.grounding.checker import Checker
from eval.assistant.conversations import DemoInstallation, Played, read_conversations
from eval.assistant.prose.pairs import KEY, PAIRS, ProseError, chosen, pairs, save, with_prose
from eval.assistant.tool_calls import play_all
from eval.cli import app
from tests.conftest import Demo

CHOSEN = ("similar-01", "similar-02", "similar-03", "similar-04", "similar-05", "measure-01")
FALSE = "The biopsy proved a sarcoma of 99 mm."


@pytest.fixture(scope="module")
def played(demo: Demo) -> list[Played]:
    return play_all(
        "offline", [c for c in read_conversations("dev") if c.id in CHOSEN], DemoInstallation(demo.settings)
    )


def honest(told: Sequence[str]) -> str:
    return " ".join(told[:2])


def test_searches_are_chosen_and_none_of_them_twice(played: list[Played]):
    found = chosen(played + played, seed=0)
    assert {p.conversation.id for p in found} <= {i for i in CHOSEN if i.startswith("similar")}
    assert len({p.conversation.study for p in found}) == len(found) == 4  # similar-05 finds what similar-01 does
    assert found == chosen(played + played, seed=0)


def test_what_the_model_is_told_is_in_the_evidence(played: list[Played]):
    _, key = pairs(played, honest, count=4)
    by_question = {p.question: p for p in played}
    for one in key:
        p = by_question[one.question]
        for statement in one.statements:
            assert not Checker(p.answer.evidence, p.state, p.question).check(statement).unsupported, statement


def test_both_sides_show_the_same_cases_and_no_mark_of_the_template(played: list[Played]):
    shown, key = pairs(played, honest, count=4)
    for pair, one in zip(shown, key, strict=True):
        template, model = (pair.left, pair.right) if one.template == "left" else (pair.right, pair.left)
        assert template.startswith("I looked at R1")
        assert model.startswith(one.kept)
        lists = [[line for line in text.splitlines() if line.startswith("- [")] for text in (template, model)]
        assert lists[0] == lists[1] != []
        assert not {"(E", "**"} & {text[i : i + 2] for text in (template, model) for i in range(len(text))}
        assert one.outcome == "uncut"


def test_the_check_cuts_and_what_is_cut_whole_is_not_shown(played: list[Played]):
    texts = iter((FALSE, "", f"{FALSE} The search was for R1.", "The search was for R1."))
    shown, key = pairs(played, lambda _: next(texts), count=2)
    assert [w.outcome for w in key] == ["cut whole", "cut whole", "in part", "uncut"]
    assert [w.pair for w in key] == [None, None, 1, 2]
    assert key[2].cut == (FALSE,)
    assert all("sarcoma" not in pair.left + pair.right for pair in shown)
    with pytest.raises(ProseError, match="only 0 make a pair"):
        pairs(played, lambda _: FALSE, count=1)


def test_prose_is_replaced_and_the_rest_stays():
    answer = "I looked.\n\nIt resembles.\n\nNearest:\n- [A] lung.\n\nAgainst it.\n\nYou are welcome."
    assert with_prose(answer, "New.") == "New.\n\nNearest:\n- [A] lung.\n\nYou are welcome."


def test_the_pairs_do_not_tell_and_the_command_scores_them(played: list[Played], tmp_path: Path):
    save(tmp_path, *pairs(played, honest, count=3))
    told = json.loads((tmp_path / PAIRS).read_text())
    assert [set(pair) for pair in told] == [{"number", "question", "left", "right"}] * 3
    for judge in ("a", "b"):
        votes = {w["pair"]: w["template"] for w in json.loads((tmp_path / KEY).read_text())}
        (tmp_path / f"{judge}.json").write_text(json.dumps(votes))
    result = CliRunner().invoke(
        app, ["prose", "score", str(tmp_path), str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--json"]
    )
    assert result.exit_code == 0
    report = json.loads(result.output)
    assert [v["judge"] for v in report["verdicts"]] == ["a", "b", "most judges"]
    assert report["verdicts"][-1]["template"] == {"right": 3, "total": 3}
