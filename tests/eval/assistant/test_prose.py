"""Blind pairs of template and model prose: what is shown, what the check leaves, and how votes are counted."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.grounding.checker import Checker
from eval.assistant.conversations import Played, Stage, read_conversations
from eval.assistant.prose import (
    KEY,
    PAIRS,
    ProseError,
    Written,
    chosen,
    first_sentences,
    keep,
    kept,
    pairs,
    read_key,
    read_votes,
    save,
    score,
    to_markdown,
    with_prose,
)
from eval.assistant.tool_calls import Share, play_all
from eval.cli import app
from tests.conftest import Demo

CHOSEN = ("similar-01", "similar-02", "similar-03", "similar-04", "similar-05", "measure-01")
FALSE = "The biopsy proved a sarcoma of 99 mm."


@pytest.fixture(scope="module")
def played(demo: Demo) -> list[Played]:
    return play_all("offline", [c for c in read_conversations("dev") if c.id in CHOSEN], Stage(demo.settings))


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


def test_a_text_ends_after_three_sentences_none_twice_or_broken_off():
    assert first_sentences("A is 1.5 mm. A is 1.5 mm. B is. C is. D is.") == "A is 1.5 mm. B is. C is."
    assert first_sentences("A is. B is not fin") == "A is."
    assert first_sentences("not fin") == ""


def key_of(*sides: str | None) -> list[Written]:
    written = Written(conversation="c", question="?", statements=(), text="", sentences=2)
    return [
        written.model_copy(
            update={"pair": n, "template": side, "kept": "B." if side else "", "cut": () if side else ("A.", "B.")}
        )
        for n, side in enumerate(sides, 1)
    ]


def test_votes_are_counted_by_judge_and_by_most_of_them():
    key = key_of("left", "right", "left")
    key.append(key_of(None)[0].model_copy(update={"pair": None}))
    report = score(
        key,
        {
            "a": {1: "left", 2: "right", 3: "right"},
            "b": {1: "left", 2: "left", 3: "right"},
            "c": {1: "tie", 2: "tie"},
        },
    )
    assert (report.answers, report.pairs) == (4, 3)
    assert report.outcomes == {
        "uncut": Share(right=3, total=4), "in part": Share(right=0, total=4), "cut whole": Share(right=1, total=4),
    }  # fmt: skip
    assert report.sentences_cut == Share(right=2, total=8)
    counted = {v.judge: (v.template.right, v.model.right, v.ties.right, v.ties.total) for v in report.verdicts}
    assert counted == {"a": (2, 1, 0, 3), "b": (1, 2, 0, 3), "c": (0, 0, 2, 2), "most judges": (1, 1, 1, 3)}
    assert "| most judges | 33.3 % (1/3;" in to_markdown(report)


def test_the_model_wins_only_surely_and_over_enough_pairs():
    key = key_of(*["left"] * 60)
    every = score(key, {"a": dict.fromkeys(range(1, 61), "right")})
    assert every.winner == "model"
    assert "model's prose reads better" in to_markdown(every)
    few = score(key, {"a": dict.fromkeys(range(1, 50), "right")})
    half = score(key, {"a": {n: "left" if n % 2 else "right" for n in range(1, 61)}})
    none = score(key, {"a": dict.fromkeys(range(1, 61), "tie")})
    assert {r.winner for r in (few, half, none)} == {"template"}
    assert "The template stays" in to_markdown(none)


def test_votes_that_do_not_fit_are_told_in_one_sentence(tmp_path: Path):
    with pytest.raises(ProseError, match=r"a voted on pairs that there are not: 7\."):
        score(key_of("left"), {"a": {7: "left"}})
    with pytest.raises(ProseError, match="Nobody has voted"):
        score(key_of("left"), {})
    with pytest.raises(ProseError, match="holds no key"):
        read_key(tmp_path)
    (tmp_path / "votes.json").write_text('{"1": "both"}')
    with pytest.raises(ProseError, match="does not hold votes"):
        read_votes(tmp_path / "votes.json")


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


def test_a_comparison_is_kept_for_the_documents(tmp_path: Path):
    report = score(key_of("left", "right"), {"a": {1: "left", 2: "tie"}})
    keep(report, tmp_path / "prose.json")
    assert kept(tmp_path / "prose.json") == report
