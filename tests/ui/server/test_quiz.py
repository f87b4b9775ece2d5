"""The quiz as its page plays it: whose it is, what is refused, what can be taken away."""

import csv
import io
from functools import partial
from typing import Any

import pytest

from tests.ui.screen import Screen
from tools.pipelines.demo import patient_keys
from tools.pipelines.phantoms.teaching_cases import series_folder
from tools.workspace.quiz_cases import QuizCases
from ui.server.handlers import PageHandlers
from ui.server.quiz_events import QuizHandlers
from ui.state.visits import COOKIE

PLAN = {"quiz": "ABC", "n": 2, "types": ["liver", "lung", "kidney"]}


@pytest.fixture
def learner(app: Any, client: Any) -> Screen:
    client.get("/")
    pages = PageHandlers(app.state.visits, app.state.shelf)
    shared = app.state.visits.shared
    cases = QuizCases(
        shared.atlas,
        shared.settings.samples,
        patient_keys(shared.settings),
        partial(series_folder, shared.settings.samples),
    )
    screen = Screen(pages, client.cookies[COOKIE])
    screen.quiz = QuizHandlers(pages, cases)  # type: ignore[attr-defined]
    return screen


def act(learner: Any, what: str, **fields: Any) -> None:
    learner.send(learner.quiz.act, {"do": what, "study": learner.viewer["study_key"], **fields})


def test_a_quiz_played_to_its_end_can_be_taken_away(learner: Any, client: Any) -> None:
    learner.send(learner.quiz.begin, PLAN)
    assert learner.viewer["title"] == "Case 1 of 2"
    assert learner.viewer["own"] is None
    for number in (1, 2):
        view = learner.viewer["quiz"]
        assert (view["number"], view["phase"], view["told"]) == (number, "asked", None)
        act(learner, "answer", chosen=view["options"][0], sureness="unsure")
        view = learner.viewer["quiz"]
        assert view["phase"] == "truth"
        assert view["told"]["lesson"]["student"] != view["told"]["lesson"]["resident"]
        assert learner.gallery["hits"]
        act(learner, "next")
    assert learner.viewer["quiz"]["phase"] == "over"
    address = f"/studies/{learner.viewer['study_key']}/quiz"
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}.csv").text)))
    assert [row["case"] for row in rows] == ["1", "2"]
    told = client.get(f"{address}.json").json()
    assert told["results"]["answered"] == 2
    assert [answer["chosen"] for answer in told["answers"]] == [row["chosen"] for row in rows]
    client.cookies.clear()
    assert client.get(f"{address}.csv").status_code == 404
    assert client.get("/quiz/options").status_code == 404


def test_the_same_link_again_goes_on_where_the_quiz_is(learner: Any) -> None:
    learner.send(learner.quiz.begin, PLAN)
    act(learner, "reveal")
    act(learner, "next")
    at = learner.viewer["study_key"]
    learner.send(learner.quiz.begin, PLAN)
    assert (learner.viewer["title"], learner.viewer["study_key"]) == ("Case 2 of 2", at)


def test_a_quiz_opens_beside_the_study_on_the_screen(learner: Any) -> None:
    learner.send(learner.handlers.open, {"sample": "case1"})
    before = learner.viewer["study_key"]
    learner.ask("Quiz me on liver lesions")
    order = learner.viewer["ordered_quiz"]
    assert order["types"] == ["liver"]
    learner.send(learner.quiz.begin, order)
    assert learner.viewer["title"].startswith("Case 1 of")
    learner.send(learner.handlers.open, {"study": before})
    assert learner.viewer["quiz"] is None
    assert learner.viewer["ordered_quiz"] is None


def test_in_words_a_hint_and_the_truth(learner: Any) -> None:
    learner.send(learner.quiz.begin, PLAN)
    learner.ask("Give me a hint")
    assert len(learner.viewer["quiz"]["hints"]) == 1
    learner.ask("What does R1 look like?")
    assert "not told before you answer" in learner.answers()[-1][1]
    learner.ask("What is the truth?")
    told = learner.viewer["quiz"]["told"]
    assert f"recorded as {told['lesion_type']}" in learner.answers()[-1][1]


def test_a_presenter_reveals_step_by_step_and_a_known_case_at_once(learner: Any) -> None:
    learner.send(learner.quiz.begin, {**PLAN, "presentation": "presenter"})
    seen = []
    for _ in range(5):
        act(learner, "step")
        seen.append((len(learner.viewer["quiz"]["hints"]), learner.viewer["quiz"]["phase"]))
    assert seen == [(1, "asked"), (2, "asked"), (3, "asked"), (3, "hits"), (3, "truth")]
    learner.send(learner.quiz.begin, {**PLAN, "presentation": "known"})
    assert learner.viewer["quiz"]["phase"] == "truth"
    assert learner.gallery["hits"]


@pytest.mark.parametrize("plan", [None, {}, {"quiz": "a b"}, {"quiz": "A", "n": 999}, {"quiz": "A", "owner": "x"}])
def test_what_is_no_plan_is_refused_in_a_sentence(learner: Any, plan: Any) -> None:
    learner.send(learner.quiz.begin, plan)
    assert "reload the page" in learner.viewer["notice"]["text"]


def test_a_picture_of_every_lesson_is_open_to_all(client: Any) -> None:
    assert client.get("/lessons/liver.png").headers["content-type"] == "image/png"
    assert client.get("/lessons/nothing.png").status_code == 404
