"""How the votes of judges are read, counted and kept."""

from pathlib import Path

import pytest

from eval.assistant.prose.judging import keep, kept, read_key, read_votes, score, to_markdown
from eval.assistant.prose.pairs import ModelProse, ProseError
from eval.metrics import Share


def key_of(*sides: str | None) -> list[ModelProse]:
    written = ModelProse(conversation="c", question="?", statements=(), text="", sentences=2)
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


def test_a_comparison_is_kept_for_the_documents(tmp_path: Path):
    report = score(key_of("left", "right"), {"a": {1: "left", 2: "tie"}})
    keep(report, tmp_path / "prose.json")
    assert kept(tmp_path / "prose.json") == report
