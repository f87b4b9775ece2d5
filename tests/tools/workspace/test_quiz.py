"""A quiz over a real atlas: the same cases for the same link, nothing told before the answer, all of it after."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tools import agent_tools
from tools.domain.lessons import lessons
from tools.domain.quiz import QuizError, QuizPlan
from tools.pipelines.demo import patient_keys
from tools.pipelines.phantoms.teaching_cases import series_folder
from tools.regions.crop import crop_with_context
from tools.workspace import quiz as quizzes
from tools.workspace.compare import compare_with_lesion
from tools.workspace.quiz_cases import QuizCases, make_quiz, sources
from tools.workspace.search import search_region
from tools.workspace.session import SessionError


@pytest.fixture
def cases(workspace: Any, demo: Any) -> QuizCases:
    return QuizCases(
        workspace.atlas,
        demo.settings.samples,
        patient_keys(demo.settings),
        partial(series_folder, demo.settings.samples),
    )


def begin(workspace: Any, cases: QuizCases, **plan: Any) -> Any:
    workspace.session.quiz = make_quiz(workspace.atlas, QuizPlan(quiz="ABC", **plan))
    shown = cases.show(workspace.session.quiz.case)
    workspace.session.open(shown.study)
    quizzes.begin_case(workspace, shown)
    return workspace.session.quiz


def call(tool: Any, workspace: Any, **arguments: Any) -> str:
    text, _ = tool.func(runtime=SimpleNamespace(context=workspace), **arguments)
    return str(text)


def test_one_link_is_the_same_cases_in_the_same_order(workspace: Any) -> None:
    def ids(seed: str) -> list[str]:
        return [case.lesion.lesion_id for case in make_quiz(workspace.atlas, QuizPlan(quiz=seed)).cases]

    assert ids("ABC") == ids("ABC")
    assert ids("ABC") != ids("ABD")
    assert len(set(ids("ABC"))) == 10


def test_a_quiz_on_one_type_mixes_it_with_what_it_is_taken_for(workspace: Any) -> None:
    made = make_quiz(workspace.atlas, QuizPlan(quiz="ABC", types=("Liver",)))
    own = [case for case in made.cases if case.lesion_type == "liver"]
    assert len(own) == 5
    assert "liver" in made.options
    assert 2 <= len(made.options) <= 4
    assert {case.lesion_type for case in made.cases} <= set(made.options)


def test_difficulty_follows_the_margin_in_the_embedding(workspace: Any) -> None:
    easy, hard = (
        [case.margin for case in make_quiz(workspace.atlas, QuizPlan(quiz="ABC", difficulty=level)).cases]
        for level in ("easy", "hard")
    )
    assert min(easy) > max(hard)


@pytest.mark.parametrize("plan", [{"types": ("spleen",)}, {"source": "nowhere"}])
def test_what_there_is_none_of_is_said(workspace: Any, plan: dict[str, Any]) -> None:
    with pytest.raises(QuizError, match="choose from"):
        make_quiz(workspace.atlas, QuizPlan(quiz="ABC", **plan))


def test_nothing_tells_the_type_before_the_answer_and_all_does_after(workspace: Any, cases: QuizCases) -> None:
    quiz = begin(workspace, cases)
    lesion_id = quiz.case.lesion.lesion_id
    region_id = quiz.region_id
    described = call(agent_tools.describe_study, workspace)
    assert '"body_part"' not in described
    assert '"body_part_seen"' not in described
    for tool, arguments in (
        (agent_tools.search_similar_lesions, {"region_id": region_id}),
        (agent_tools.compare_lesion, {"region_id": region_id, "lesion_id": lesion_id}),
        (agent_tools.describe_lesion, {"lesion_id": lesion_id}),
        (agent_tools.list_cases, {}),
        (agent_tools.save_case, {"region_id": region_id, "lesion_type": "cyst"}),
    ):
        with pytest.raises(QuizError, match="not told before you answer"):
            call(tool, workspace, **arguments)
    with pytest.raises(QuizError):
        search_region(workspace, region_id)
    wrong = next(option for option in quiz.options if option != quiz.case.lesion_type)
    answer = quizzes.answer_case(workspace, wrong, 0.75)
    assert not answer.right
    assert workspace.session.search_of(region_id).hits
    assert quiz.case.lesion_type in " ".join(text for _, text in quiz.reasons)
    assert any(f"Of your answer, {wrong}" in text for _, text in quiz.reasons)
    assert '"body_part"' in call(agent_tools.describe_study, workspace)
    assert compare_with_lesion(workspace, region_id, lesion_id).similarity > 0


def test_hints_come_one_by_one_and_leave_two_types_at_last(workspace: Any, cases: QuizCases) -> None:
    quiz = begin(workspace, cases)
    first, second, third = (call(agent_tools.give_hint, workspace) for _ in range(3))
    assert "HU" in first
    assert all(option not in first for option in quiz.options)
    assert all(option in second for option in quiz.options)
    assert quiz.case.lesion_type in third
    assert sum(option in third for option in quiz.options) == 2
    with pytest.raises(QuizError, match="no further hint"):
        quizzes.next_hint(workspace)


def test_a_mark_that_the_learner_deleted_is_made_anew(workspace: Any, cases: QuizCases) -> None:
    quiz = begin(workspace, cases)
    workspace.session.remove(quiz.region_id)
    quizzes.answer_case(workspace, quiz.case.lesion_type, 0.95)
    assert workspace.session.search_of(quiz.region_id).hits


def test_the_truth_gives_a_case_up_and_is_known_of_teaching_cases_only(workspace: Any, cases: QuizCases) -> None:
    quiz = begin(workspace, cases)
    assert quiz.case.lesion_type in call(agent_tools.reveal_truth, workspace)
    assert [answer.chosen for answer in quiz.answers] == [None]
    workspace.session.quiz = None
    assert quiz.case.lesion_type in quizzes.truth_of(workspace)
    workspace.session.study = replace(workspace.session.study, study_key="s-of-nobody")
    with pytest.raises(SessionError, match="teaching cases only"):
        quizzes.truth_of(workspace)


def test_the_picture_of_a_lesion_without_a_series_is_that_lesion(workspace: Any, cases: QuizCases) -> None:
    quiz = begin(workspace, cases)
    case = replace(quiz.case, lesion=replace(quiz.case.lesion, source="pack"))
    shown = cases.show(case)
    assert shown.study.series[0].volume_hu.shape == (1, 192, 192)
    assert shown.study.series[0].facts.body_part is None
    workspace.session.open(shown.study)
    region = workspace.session.add_box(shown.slice_index, shown.box)
    vector = workspace.embedder(crop_with_context(workspace.session.series, region)[None])[0]
    nearest = int(np.argmax(workspace.atlas.vectors() @ vector))
    assert list(workspace.atlas.lesions())[nearest].lesion_id == case.lesion.lesion_id


def test_in_words_a_quiz_is_ordered_with_its_link(workspace: Any) -> None:
    told = call(agent_tools.start_quiz, workspace, lesion_types=["liver"], cases=4)
    plan = workspace.session.ordered_quiz
    assert plan.n == 4
    assert plan.types == ("liver",)
    assert f"/?quiz={plan.quiz}&n=4" in told


def test_every_lesson_has_a_phantom(cases: QuizCases) -> None:
    for lesson in lessons():
        picture = cases.lesson_picture(lesson)
        assert picture.shape == (64, 64)
        assert picture.std() > 5


def test_one_atlas_needs_no_choice_of_source(workspace: Any) -> None:
    assert sources(workspace.atlas) == ()
