"""Plain routes of the quiz: what can be asked about, the learner's own results, and the pictures of lessons."""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Cookie, HTTPException, Response
from pydantic import BaseModel

from encoder.errors import LesionSearchError
from tools.domain.lessons import lesson
from tools.domain.quiz import QuizAnswer, QuizPlan, QuizResults, results
from tools.regions.png import to_png
from tools.workspace.quiz import new_seed
from tools.workspace.quiz_cases import QuizCases, sources
from ui.state.visits import COOKIE, Visits

_PRIVATE = {"Cache-Control": "no-store"}
_GONE = "No quiz is running here."

Visitor = Annotated[str | None, Cookie(alias=COOKIE)]


class QuizOptions(BaseModel):
    """What a quiz can be about, and a fresh seed for it."""

    seed: str
    types: tuple[str, ...]
    sources: tuple[str, ...]


class QuizExport(BaseModel):
    """All that is known of a quiz that was played: the plan, each answer, and what they come to."""

    plan: QuizPlan
    answers: tuple[QuizAnswer, ...]
    results: QuizResults


def quiz_routes(visits: Visits, cases: QuizCases) -> APIRouter:
    """Make the routes."""
    router = APIRouter(include_in_schema=False)

    def export_of(visitor: str | None, study_key: str) -> QuizExport:
        visit = visits.of_study(visitor, study_key)
        quiz = visit.session.quiz if visit is not None else None
        if quiz is None:
            raise HTTPException(404, _GONE)
        return QuizExport(plan=quiz.plan, answers=tuple(quiz.answers), results=results(quiz.answers, quiz.options))

    @router.get("/quiz/options")
    def options(visitor: Visitor = None) -> QuizOptions:
        """List what a quiz can be about, to users with an open page."""
        if not visits.knows(visitor):
            raise HTTPException(404, _GONE)
        return QuizOptions(seed=new_seed(), types=cases.atlas.types(), sources=sources(cases.atlas))

    @router.get("/studies/{study_key}/quiz.json")
    def as_json(study_key: str, visitor: Visitor = None) -> Response:
        """Send the answers so far as JSON."""
        return _download(export_of(visitor, study_key).model_dump_json(indent=1), "application/json", "quiz.json")

    @router.get("/studies/{study_key}/quiz.csv")
    def as_csv(study_key: str, visitor: Visitor = None) -> Response:
        """Send the answers so far as a table."""
        answers = export_of(visitor, study_key).answers
        text = io.StringIO()
        writer = csv.DictWriter(text, [*QuizAnswer.model_fields, *QuizAnswer.model_computed_fields])
        writer.writeheader()
        writer.writerows(answer.model_dump() for answer in answers)
        return _download(text.getvalue(), "text/csv", "quiz.csv")

    @router.get("/lessons/{name}.png")
    def lesson_picture(name: str) -> Response:
        """Send the phantom that shows what a lesson is about: synthetic, so open to all."""
        try:
            picture = to_png(cases.lesson_picture(lesson(name)))
        except LesionSearchError as error:
            raise HTTPException(404, str(error)) from error
        return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    return router


def _download(text: str, media_type: str, name: str) -> Response:
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=media_type, headers=headers)
