"""What the quiz panel shows. Nothing in it tells the type of the case on the screen before that is told."""

from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel

from tools.domain.lessons import LessonError, lesson
from tools.domain.quiz import MAX_HINTS, SURENESS, Level, Presentation, Quiz, QuizResults, results
from tools.workspace.session import Session


class LessonView(BaseModel):
    """A lesson for both levels, with the address of the phantom that shows it."""

    name: str
    student: str
    resident: str
    sources: tuple[str, ...]
    picture: str


class Reason(BaseModel):
    """One thing that spoke for the true type, or against it."""

    speaks_for: bool
    text: str


class Told(BaseModel):
    """What is shown of a case once its type is told."""

    lesion_type: str
    chosen: str | None
    right: bool | None  # None: nobody was asked
    margin: float
    lookalike: str
    reasons: tuple[Reason, ...]
    lesson: LessonView | None


class QuizView(BaseModel):
    """One quiz as its panel shows it. `query` is that of the class link."""

    query: str
    presentation: Presentation
    level: Level
    number: int
    count: int
    phase: Literal["asked", "hits", "truth", "over"]
    options: tuple[str, ...]
    sureness: tuple[tuple[str, float], ...]
    difficulty: str
    hints: tuple[str, ...]
    hints_left: int
    told: Told | None
    score: QuizResults  # of the cases that were answered


def quiz_view(session: Session) -> QuizView | None:
    """Collect what the panel shows of the session's quiz."""
    quiz = session.quiz
    if quiz is None:
        return None
    return QuizView(
        query=quiz.plan.query(),
        presentation=quiz.plan.presentation,
        level=quiz.plan.level,
        number=min(quiz.place + 1, len(quiz.cases)),
        count=len(quiz.cases),
        phase="over" if quiz.over else quiz.told,
        options=quiz.options,
        sureness=tuple(SURENESS.items()),
        difficulty="" if quiz.over else quiz.case.difficulty,
        hints=tuple(quiz.hints),
        hints_left=MAX_HINTS - len(quiz.hints),
        told=_told(quiz),
        score=results(quiz.answers, quiz.options),
    )


def _told(quiz: Quiz) -> Told | None:
    if quiz.over or quiz.told != "truth":
        return None
    case = quiz.case
    answer = quiz.answers[-1] if quiz.plan.presentation == "unknown" and quiz.answers else None
    return Told(
        lesion_type=case.lesion_type,
        chosen=answer.chosen if answer else None,
        right=answer.right if answer else None,
        margin=round(case.margin, 2),
        lookalike=case.lookalike,
        reasons=tuple(Reason(speaks_for=good, text=text) for good, text in quiz.reasons),
        lesson=_lesson(case.lesion_type),
    )


def _lesson(lesion_type: str) -> LessonView | None:
    try:
        found = lesson(lesion_type)
    except LessonError:
        return None
    return LessonView(
        name=found.lesion_type,
        student=found.student,
        resident=found.text,
        sources=found.sources,
        picture=lesson_picture_address(found.lesion_type),
    )


def lesson_picture_address(name: str) -> str:
    """Give the address of a lesson's picture."""
    return f"lessons/{quote(name)}.png"
