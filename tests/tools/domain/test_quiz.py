"""A quiz is scored as its rules say, and its link says all there is of it."""

from urllib.parse import parse_qs

import pytest

from tools.domain.lesions import AtlasLesion
from tools.domain.quiz import Quiz, QuizCase, QuizError, QuizPlan, results, wilson

TYPES = ("cyst", "node")


def quiz(*lesion_types: str) -> Quiz:
    cases = [
        QuizCase(AtlasLesion(lesion_id=f"L{n}", lesion_type=name, patient_key="p-1"), "easy", 0.3, "node")
        for n, name in enumerate(lesion_types)
    ]
    return Quiz(QuizPlan(quiz="ABC"), tuple(cases), TYPES)


def test_a_link_holds_the_whole_plan() -> None:
    plan = QuizPlan(quiz="7QK", n=5, types=("lymph node", "cyst"), difficulty="hard", presentation="presenter")
    read = parse_qs(plan.query())
    assert read == {
        "quiz": ["7QK"], "n": ["5"], "type": ["lymph node", "cyst"], "difficulty": ["hard"],
        "presentation": ["presenter"],
    }  # fmt: skip


@pytest.mark.parametrize("seed", ["", "a b", "x" * 25, "<b>"])
def test_a_seed_is_a_plain_word(seed: str) -> None:
    with pytest.raises(ValueError, match="quiz"):
        QuizPlan(quiz=seed)


def test_answers_become_score_streaks_and_confusion() -> None:
    played = quiz("cyst", "cyst", "node", "node", "cyst")
    for chosen, sureness in (("cyst", 0.95), ("cyst", 0.5), ("cyst", 0.75), (None, None), ("cyst", 0.75)):
        played.record(chosen, sureness)
        played.go_on()
    assert played.over
    score = results(played.answers, TYPES)
    assert (score.right, score.answered, score.streak, score.best_streak) == (3, 5, 1, 2)
    assert score.confusion == ((3, 0, 0), (1, 0, 1))  # the last column: gave up
    assert score.brier == pytest.approx((0.05**2 + 0.5**2 + 0.75**2 + 0.25**2) / 4)
    fairly = next(row for row in score.calibration if row.words == "fairly sure")
    assert (fairly.answers, fairly.right) == (2, 1)
    assert fairly.low < 0.5 < fairly.high


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == pytest.approx(1)


def test_a_case_is_answered_once_and_before_the_next() -> None:
    played = quiz("cyst", "node")
    with pytest.raises(QuizError):
        played.go_on()
    with pytest.raises(QuizError, match="not among"):
        played.record("lipoma", 0.5)
    with pytest.raises(QuizError):
        played.check_told()
    played.record("node", 0.5)
    played.check_told()
    with pytest.raises(QuizError, match="already"):
        played.record("cyst", 0.5)
    assert len(played.answers) == 1
