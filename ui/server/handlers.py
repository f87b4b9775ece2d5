"""One handler for each event of the page."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.models.registry import ModelError, offline_model, resolve_model
from encoder.errors import LesionSearchError
from tools.domain.view import OpenStudy
from tools.intake.intake import intake_limits, open_study
from tools.workspace.undo import KeptRegion, kept_regions, note_changes
from ui.chat.chat import MAX_QUESTION, clear, converse, elsewhere, follow_ups, messages, record, say, take_back, turn_at
from ui.chat.markdown import unescaped
from ui.chat.recall import recall, recall_message
from ui.gallery.gallery import gallery_of, search_again
from ui.server.archive import fetch
from ui.state.gate import Gate
from ui.state.samples import SampleShelf
from ui.state.shelf import shelf_of
from ui.state.urls import upload_folder
from ui.state.visit import Visit, VisitError
from ui.state.visits import COOKIE, Visits
from ui.viewer.actions import perform
from ui.viewer.viewer import Notice, state_of

log = logging.getLogger(__name__)


class MessageEvent(gr.EventData):
    """A click on a message of the conversation, or what it was changed to; None for what was not sent."""

    def __init__(self, target: Any, data: Any) -> None:
        super().__init__(target, data)
        fields = data if isinstance(data, dict) else {}
        self.index = fields.get("index")
        self.value = fields.get("value")


class OpenRequest(BaseModel):
    """What the viewer asks to open: a sample, files it has sent, a study opened before or one of the archive; or that
    sending failed."""

    model_config = ConfigDict(extra="forbid")
    sample: Annotated[str | None, Field(max_length=20)] = None
    batch: Annotated[str | None, Field(pattern=r"^[0-9a-f]{24}$")] = None
    files: Annotated[int, Field(ge=0)] = 0
    study: Annotated[str | None, Field(max_length=64)] = None
    archived: Annotated[str | None, Field(pattern=r"^[0-9a-f]{24}$")] = None
    failed: Annotated[str | None, Field(max_length=400)] = None


def _in_turn(
    follow: Callable[["PageHandlers", Visit, gr.EventData], tuple[Any, ...]],
) -> Callable[["PageHandlers", gr.EventData, gr.Request], tuple[Any, ...]]:
    """Make a handler that follows the events of one visit one after the other: so the reply that is computed last is
    about all of them. Nothing changes on a page that has no visit."""

    def handle(self: "PageHandlers", event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        try:
            visit = self.visit(request)
        except VisitError:
            return (gr.skip(),) * 4
        with visit.acting:
            return follow(self, visit, event)

    handle.__name__, handle.__doc__ = follow.__name__, follow.__doc__
    return handle


class PageHandlers:
    """Answer the events of the page. Every handler finds its visit by cookie and page, or says why it cannot; none
    takes a session, a key or a region from the browser on trust."""

    def __init__(self, visits: Visits, shelf: SampleShelf) -> None:
        self.visits = visits
        self.shelf = shelf
        limits = visits.settings
        self.answers = Gate(limits.answers_at_once, per_visitor=3, waiting=3 * limits.answers_at_once)
        self.openings = Gate(limits.uploads_at_once, per_visitor=3, waiting=8 * limits.uploads_at_once)

    def visit(self, request: gr.Request) -> Visit:
        """Find the visit of a request. Raises VisitError."""
        return self.visits.of_page(request.cookies.get(COOKIE), request.session_hash)

    def load(self, request: gr.Request) -> tuple[Any, ...]:
        """Show what there is when the page is opened or reloaded."""
        try:
            visit = self.visit(request)
        except VisitError as error:
            return gr.skip(), gr.skip(), [gr.ChatMessage(content=str(error))], gr.skip(), gr.skip()
        return *self.whole_page(visit), visit.model

    def refresh(self, request: gr.Request) -> tuple[Any, ...]:
        """Show what there is when a page is looked at again, or the network is back."""
        return self.load(request)[:4]

    @_in_turn
    def undo(self, visit: Visit, _event: gr.EventData) -> tuple[Any, ...]:
        """Bring back what was deleted last."""
        try:
            return self.whole_page(visit, Notice(text=visit.undo(), undo=visit.can_undo))
        except LesionSearchError as error:
            return self.whole_page(visit, Notice(text=str(error), kind="problem"))

    def unload(self, request: gr.Request) -> None:
        """Note that a page was closed: what it held is kept for a while."""
        self.visits.close(request.cookies.get(COOKIE), request.session_hash)

    @_in_turn
    def act(self, visit: Visit, event: gr.EventData) -> tuple[Any, ...]:
        """Follow an action in the viewer."""
        before, regions = _offers(visit), kept_regions(visit.session)
        notice = perform(visit, event._data)
        if isinstance(event._data, dict) and event._data.get("kind") == "look":
            return (gr.skip(),) * 4 if visit.is_shown else (*self._screen(visit), *_conversation(visit))
        notice = _undo_notice(visit, regions, notice)
        chat, chips = _conversation(visit)
        return *self._screen(visit, notice), chat if _offers(visit) != before else gr.skip(), chips

    @_in_turn
    def search(self, visit: Visit, event: gr.EventData) -> tuple[Any, ...]:
        """Search again after a change of the filter controls, and say so in the conversation."""
        found = search_again(visit, event._data)
        if isinstance(found, str):
            return *self._screen(visit, problem=found), gr.skip(), gr.skip()
        record(visit, found)
        return self.whole_page(visit)

    @_in_turn
    def show(self, visit: Visit, event: gr.EventData) -> tuple[Any, ...]:
        """Bring back what an answer showed, by one of its links."""
        return self._recalled(visit, recall(visit, event._data))

    @_in_turn
    def choose_answer(self, visit: Visit, event: gr.EventData) -> tuple[Any, ...]:
        """Bring back what an answer showed, by a click on it."""
        return self._recalled(visit, recall_message(visit, MessageEvent(None, event._data).index))

    def open(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Open a sample case or the files that were sent."""
        try:
            visit = self.visit(request)
        except VisitError:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        try:
            page = str(request.session_hash)
            visit = self._open(visit, page, OpenRequest.model_validate(event._data))
        except LesionSearchError as error:
            return self.problem(visit, str(error))
        except ValidationError:
            return self.problem(visit, "The viewer sent something this server does not understand: reload the page.")
        except Exception:
            log.exception("a study could not be opened")
            return self.problem(visit, "This could not be opened, because of a fault in the program: try other files.")
        return self.whole_page(visit)

    def ask(self, question: str | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Answer a question that was typed."""
        yield from self._answer(question or "", request)

    def ask_chip(self, event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Answer a suggested question that was chosen."""
        question = event._data.get("text") if isinstance(event._data, dict) else None
        yield from self._answer(question if isinstance(question, str) else "", request)

    def ask_again(self, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Answer the last question once more."""
        try:
            visit = self.visit(request)
        except VisitError as error:
            yield _only_chat(str(error))
            return
        asked = [turn for turn in visit.turns if turn.question]
        if asked:
            take_back(visit, asked[-1])
            yield from self._answer(asked[-1].question, request)

    def edit(self, event: MessageEvent, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Answer a question that was edited, in its place; what came after it goes."""
        try:
            visit = self.visit(request)
        except VisitError as error:
            yield _only_chat(str(error))
            return
        turn = turn_at(visit, event.index) if isinstance(event.index, int) else None
        if turn is not None and isinstance(event.value, str) and event.value.strip():
            visit.stop()
            take_back(visit, turn)
            yield from self._answer(unescaped(event.value), request)

    def clear(self, request: gr.Request) -> tuple[Any, ...]:
        """Start a new conversation about the same study."""
        try:
            visit = self.visit(request)
        except VisitError:
            return (gr.skip(),) * 4
        clear(visit)
        return self.whole_page(visit)

    def stop(self, request: gr.Request) -> None:
        """Stop answering."""
        with contextlib.suppress(VisitError):
            self.visit(request).stop()

    def choose_model(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Let another model answer from now on."""
        model = event._data.get("model") if isinstance(event._data, dict) else None
        try:
            visit = self.visit(request)
            if model not in [name for name, _ in offered_models(self.visits.settings.model)]:
                raise ModelError("This server does not offer that model: choose one of the list.")
            say(visit, f"From now on answered by {resolve_model(model).label}.")
            visit.choose_model(model)
        except LesionSearchError as error:
            return [gr.ChatMessage(content=str(error))], gr.skip()
        return messages(visit), visit.model

    def _answer(self, question: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield (chat, box, chips, viewer, gallery, send button, stop button) as the answer grows."""
        try:
            visit = self.visit(request)
        except VisitError as error:
            yield _only_chat(str(error))
            return
        if not question.strip():
            yield (gr.skip(),) * 7
            return
        try:
            with self.answers.turn(visit.visitor):
                yield from self._answered(visit, question)
        except VisitError as error:  # too many ask
            say(visit, str(error))
            yield messages(visit), *(gr.skip() for _ in range(6))

    def _answered(self, visit: Visit, question: str) -> Iterator[tuple[Any, ...]]:
        seen, regions = visit.session.revision, kept_regions(visit.session)
        visit.session.open_studies = tuple(
            OpenStudy(each.study_key, f"{each.title} ({each.detail})")
            for each in shelf_of(self.visits.opened(visit.visitor), visit)
            if not each.here
        )
        started = True
        for turn in converse(visit, question[:MAX_QUESTION]):
            changed = visit.session.revision != seen or turn.done
            seen = visit.session.revision
            notice = (_undo_notice(visit, regions) or Notice(text="")) if turn.done else None  # no older one stays
            with visit.acting:
                reply = (
                    messages(visit),
                    "" if started else gr.skip(),
                    list(follow_ups(visit)) if turn.done else [] if started else gr.skip(),
                    *(self._screen(visit, notice) if changed else (gr.skip(), gr.skip())),
                    gr.update(visible=turn.done) if started or turn.done else gr.skip(),
                    gr.update(visible=not turn.done) if started or turn.done else gr.skip(),
                )
            yield reply
            started = False

    def _open(self, visit: Visit, page: str, asked: OpenRequest) -> Visit:
        """Open what is asked for, beside what the visitor has open already; give the visit that the page shows then."""
        if asked.failed is not None:
            if asked.batch is not None:
                self.visits.disk.discard(upload_folder(visit, asked.batch))
            raise VisitError(asked.failed)
        if asked.sample is not None:
            sample = self.shelf.get(asked.sample)
            study = self.shelf.study(sample)
            known = next((each for each in self.visits.opened(visit.visitor) if each.session.study is study), None)
            if known is not None:
                return self.visits.go_back(visit.visitor, page, known.study_key)
            visit = self.visits.for_study(visit.visitor, page)
            visit.open(study, sample.title, sample.slice_index, sample.window)
            say(
                visit,
                f"**{sample.title}.** A synthetic teaching case. "
                "Click what looks abnormal, or ask me to suggest places.",
            )
            return visit
        if asked.study is not None:
            return self.visits.go_back(visit.visitor, page, asked.study)
        if asked.archived is not None:
            with self.openings.turn(visit.visitor):
                folder = fetch(self.visits, visit, asked.archived)
        else:
            folder = upload_folder(visit, asked.batch or "")
        with contextlib.ExitStack() as reading:
            reading.callback(self.visits.disk.discard, folder)
            reading.enter_context(self.visits.disk.using(folder, visit.key))
            reading.enter_context(self.openings.turn(visit.visitor))  # until the last slice is decoded
            study = open_study(
                folder,
                self.visits.shared.keys,
                reading.pop_all().close,
                intake_limits(self.visits.settings),
            )
        visit = self.visits.for_study(visit.visitor, page)
        visit.open(study, "Your CT" if study.series[0].facts.modality == "CT" else "Your study")
        remarks = " ".join((*study.skipped, *study.series[0].warnings))
        say(
            visit,
            f"**Your study is open.** {remarks} Click a lesion or drag a box around it, then ask.".replace("  ", " "),
        )
        return visit

    def whole_page(self, visit: Visit, notice: Notice | None = None) -> tuple[Any, ...]:
        """Show all there is of a visit: viewer, gallery, chat, and questions to ask."""
        return *self._screen(visit, notice), messages(visit), list(follow_ups(visit))

    def _screen(
        self, visit: Visit, notice: Notice | None = None, problem: str = ""
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        shelf = shelf_of(self.visits.opened(visit.visitor), visit)
        with visit.acting:
            visit.next_revision()
            viewer = state_of(visit, notice).model_copy(update={"shelf": shelf})
            return _dump(viewer), _dump(gallery_of(visit, problem))

    def _recalled(self, visit: Visit, problem: str) -> tuple[Any, ...]:
        return self.whole_page(visit, Notice(text=problem, kind="problem") if problem else None)

    def problem(self, visit: Visit, text: str) -> tuple[Any, ...]:
        """Say what went wrong, in the chat and over the picture."""
        say(visit, text)
        return self.whole_page(visit, Notice(text=text, kind="problem"))


def offered_models(default: str) -> list[tuple[str, str]]:
    """List the models this server offers as (name, label): the one it was started with, and the one on board."""
    first = resolve_model(default)
    here = offline_model()
    return [(default, first.label)] + ([(here.name, here.label)] if first.name != here.name else [])


def _dump(state: BaseModel) -> dict[str, Any]:
    return state.model_dump(mode="json")


def _undo_notice(visit: Visit, before: tuple[KeptRegion, ...], notice: Notice | None = None) -> Notice | None:
    """Offer to undo what was deleted or outlined anew since `before`, beside what is said anyway."""
    changed = [kept.region.region_id for kept in note_changes(visit.session, before)]
    if not changed:
        return notice
    told = (f"{name} {'outlined anew' if visit.session.wherever(name) else 'deleted'}." for name in changed)
    return Notice(text=notice.text if notice else " ".join(told), undo=True)


def _conversation(visit: Visit) -> tuple[Any, Any]:
    """Show the messages and the questions to ask; not while an answer is written: its own replies bring them, and this
    one, which goes another way, might arrive after the last of those."""
    if visit.turns and not visit.turns[-1].done:
        return gr.skip(), gr.skip()
    return messages(visit), list(follow_ups(visit))


def _offers(visit: Visit) -> list[str]:
    """List what each answer offers to bring back: the chat changes with it."""
    return [elsewhere(visit, turn) for turn in visit.turns]


def _only_chat(text: str) -> tuple[Any, ...]:
    return ([gr.ChatMessage(content=text)], *(gr.skip() for _ in range(6)))
