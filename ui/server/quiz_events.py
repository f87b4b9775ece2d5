"""The handlers of the quiz panel. Each finds its visit by cookie and page, as those of `PageHandlers` do."""

import logging
from typing import Annotated, Any, Literal

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from encoder.errors import LesionSearchError
from tools.domain.quiz import MAX_HINTS, SURENESS, QuizError, QuizPlan
from tools.workspace import quiz as quizzes
from tools.workspace.quiz_cases import QuizCases, make_quiz
from ui.chat.chat import say
from ui.server.handlers import PageHandlers
from ui.state.visit import Visit, VisitError

log = logging.getLogger(__name__)
UNREADABLE = "The quiz sent something this server does not understand: reload the page, or ask for the link again."


class QuizAct(BaseModel):
    """What is done in the quiz, about the study on the screen."""

    model_config = ConfigDict(extra="forbid")
    do: Literal["answer", "hint", "reveal", "step", "next", "leave"]
    study: Annotated[str, Field(max_length=64)]
    chosen: Annotated[str | None, Field(max_length=200)] = None
    sureness: str | None = None


class QuizHandlers:
    """Begin quizzes, and follow what is done in them."""

    def __init__(self, page: PageHandlers, cases: QuizCases) -> None:
        self.page = page
        self.cases = cases

    def begin(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Open a quiz beside what the visitor has open; the same quiz again goes on where it is."""
        try:
            visit = self.page.visit(request)
        except VisitError:
            return (gr.skip(),) * 4
        visit.session.ordered_quiz = None
        try:
            plan = QuizPlan.model_validate(event._data)
            visits, page = self.page.visits, str(request.session_hash)
            for open_visit in visits.opened(visit.visitor):
                quiz = open_visit.session.quiz
                if quiz is not None and quiz.plan == plan:
                    return self.page.whole_page(visits.go_back(visit.visitor, page, open_visit.study_key))
            quiz = make_quiz(self.cases.atlas, plan)
            visit = visits.for_study(visit.visitor, page)
            visit.session.quiz = quiz
            self._open_case(visit)
        except ValidationError:
            return self.page.problem(visit, UNREADABLE)
        except LesionSearchError as error:
            return self.page.problem(visit, str(error))
        except Exception:
            log.exception("a quiz could not be opened")
            return self.page.problem(visit, "This quiz could not be opened, because of a fault in the program.")
        return self.page.whole_page(visit)

    def act(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Follow what the learner does."""
        try:
            visit = self.page.visit(request)
        except VisitError:
            return (gr.skip(),) * 4
        try:
            asked = QuizAct.model_validate(event._data)
            if asked.study == visit.study_key:  # else the page shows another study by now
                self._follow(visit, asked)
        except ValidationError:
            return self.page.problem(visit, UNREADABLE)
        except LesionSearchError as error:
            return self.page.problem(visit, str(error))
        return self.page.whole_page(visit)

    def _follow(self, visit: Visit, asked: QuizAct) -> None:
        workspace, quiz = visit.workspace, quizzes.running(visit.session)
        match asked.do:
            case "answer":
                if asked.chosen is None or asked.sureness not in SURENESS:
                    raise QuizError("An answer is a type and how sure you are: choose both.")
                quizzes.answer_case(workspace, asked.chosen, SURENESS[asked.sureness])
            case "hint":
                quizzes.next_hint(workspace)
            case "reveal":
                quizzes.answer_case(workspace, None, None)
            case "step":  # of a presenter: hints, then hits, then the type
                if quiz.hidden and len(quiz.hints) < MAX_HINTS:
                    quizzes.next_hint(workspace)
                elif quiz.hidden:
                    quizzes.show_hits(workspace)
                else:
                    quizzes.tell(workspace)
            case "next":
                quiz.go_on()
                if not quiz.over:
                    self._open_case(visit)
            case "leave":
                visit.session.quiz = None
        visit.facts.clear()  # the study may be described otherwise now

    def _open_case(self, visit: Visit) -> None:
        quiz = quizzes.running(visit.session)
        shown = self.cases.show(quiz.case)
        title = f"Case {quiz.place + 1} of {len(quiz.cases)}"
        visit.open(shown.study, title, shown.slice_index, shown.window)
        quizzes.begin_case(visit.workspace, shown)
        if quiz.plan.presentation == "unknown":
            say(visit, f"**{title}.** What is {quiz.region_id}? Window and measure it, then answer in the quiz panel.")
