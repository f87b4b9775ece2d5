"""The conversation: what was asked, the tools at work, the answer as it is written, and what to ask next."""

import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import gradio as gr
from gradio.components.chatbot import MetadataDict

from assistant.agent.snapshot import turn_state
from assistant.core.events import AnswerReady, Event, Notice, TextChunk, TextReset, ToolFinished, ToolStarted, TurnBegan
from assistant.core.evidence import EvidenceLedger
from assistant.wording.fixed_sentences import next_questions
from assistant.wording.tool_labels import finished
from encoder.errors import LesionSearchError
from tools.atlas.searchable import SearchableAtlas
from tools.domain.body_regions import is_head
from tools.domain.facts import Facts, LessonFacts, ReportFacts, SearchFacts
from tools.domain.lesions import AtlasError
from ui.chat.markdown import escaped, without_html
from ui.state.quiz_view import lesson_picture_address
from ui.state.scenes import scene_of
from ui.state.transcript import ChatStep, ChatTurn
from ui.state.urls import report_address
from ui.state.visit import Visit

log = logging.getLogger(__name__)

MAX_QUESTION = 4000
MAX_TURNS = 60  # older turns leave the screen; the assistant has its own memory
REPAINT_S = 0.1  # what comes faster is shown together, but for the first word: a repaint costs 40 ms and more
FAILED = (
    "Something went wrong inside the program and this question was not answered. Your study and regions are untouched: "
    "ask again, or reload the page."
)
STOPPED = "*Stopped.*"
INTERRUPTED = "The connection was lost before this answer was complete: ask again."
CLEARED = "A new conversation. [Bring the last one back](#undo)"
_CITATION = re.compile(r"\[([^\[\]\s]{1,200})\](?!\()")
_REGION = re.compile(r"\bR\d{1,4}\b")


def converse(visit: Visit, question: str) -> Iterator[ChatTurn]:
    """Answer a question in the visit's transcript; yield the growing turn whenever there is something new to show.

    Never raises: what goes wrong becomes the text of the turn.
    """
    turn = ChatTurn(" ".join(question.split())[:MAX_QUESTION])
    visit.asked()
    visit.turns.append(turn)
    del visit.turns[:-MAX_TURNS]
    shown, news = time.monotonic(), True  # the question itself
    try:
        for event in _events(visit, turn):
            first_word = isinstance(event, TextChunk) and not turn.text
            if event is not None:
                _add(visit, turn, event)
                news = True
            if first_word or (news and (event is None or time.monotonic() - shown > REPAINT_S)):
                yield turn
                shown, news = time.monotonic(), False
    except GeneratorExit:  # nobody listens any more
        turn.notices.append(INTERRUPTED)
        turn.done = True
        raise
    except LesionSearchError as error:
        turn.text = str(error)
    except Exception:
        log.exception("a question could not be answered")
        turn.text = FAILED
    if turn.stop.is_set():
        turn.text = f"{turn.text}\n\n{STOPPED}".strip()
    turn.done = True
    yield turn


def _events(visit: Visit, turn: ChatTurn) -> Iterator[Event | None]:
    """Yield the assistant's events, from a thread of its own, so that stopping never waits for a model that is silent;
    None when nothing came for a while."""
    events: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
    left = threading.Event()  # the page has stopped listening

    def work() -> None:
        try:
            turn.answered_by = visit.assistant()
            for event in turn.answered_by.stream(turn.question):
                if turn.stop.is_set() or left.is_set():
                    break
                events.put(event)
            events.put(None)
        except Exception as error:
            events.put(error)

    threading.Thread(target=work, name="answer", daemon=True).start()
    try:
        while not turn.stop.is_set():
            try:
                event = events.get(timeout=REPAINT_S)
            except queue.Empty:
                yield None
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        left.set()


def _add(visit: Visit, turn: ChatTurn, event: Event) -> None:
    match event:
        case TurnBegan():
            turn.number = event.number
        case ToolStarted():
            arguments = ", ".join(f"{name}={value}" for name, value in event.args.items() if value is not None)
            turn.steps[event.id] = ChatStep(event.title, f"`{event.name}({arguments})`")
        case ToolFinished():
            step = turn.steps.setdefault(event.id, ChatStep(event.title, ""))
            step.title, step.duration_ms = event.title, event.duration_ms
            if event.artifact is not None:
                step.details += "\n\n" + _details(event.artifact)
                _keep_scene(visit, turn, event.artifact)
            if isinstance(event.artifact, LessonFacts):
                name = event.artifact.lesion_type
                turn.links.append(f"![Phantom: {name}]({lesson_picture_address(name)})")
            if isinstance(event.artifact, ReportFacts):
                name = event.artifact.file_name
                turn.links.append(f"[Download {name}]({report_address(visit, name)})")
                if visit.stores_reports and name.endswith(".dcm"):
                    turn.links.append(f"[Store it in the archive](#archive-{name})")
        case TextChunk():
            turn.text += event.text
        case TextReset():
            turn.text = ""
        case Notice():
            turn.notices.append(event.text)
        case AnswerReady():
            turn.text = event.answer.answer
            turn.follow_ups = event.answer.follow_ups


def _keep_scene(visit: Visit, turn: ChatTurn, facts: Facts) -> None:
    """Remember what a result put on the screen; what was told last comes last."""
    scene = scene_of(visit.session, facts, turn.scenes)
    if scene is not None:
        turn.scenes.pop(scene.region.region_id, None)
        turn.scenes[scene.region.region_id] = scene
        visit.compare(scene.region.region_id, scene.lesion_id)


def _details(facts: Facts) -> str:
    """List the plain values of a tool result, one a line; lists are counted."""
    lines = []
    for name, value in facts.model_dump(exclude_none=True).items():
        label = name.replace("_", " ")
        if isinstance(value, list | tuple):
            lines.append(f"- {label}: {len(value)}")
        elif isinstance(value, dict):
            inner = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in value.items() if v not in (None, [], (), {}))
            lines.append(f"- {label}: {inner}")
        else:
            lines.append(f"- {label}: {value}")
    return "\n".join(lines)


def messages(visit: Visit) -> list[gr.ChatMessage]:
    """Write the transcript as Gradio shows it: tool steps are collapsible lines with their time."""
    return [message for number, turn in enumerate(visit.turns) for message in _messages_of(visit, turn, number)]


def take_back(visit: Visit, turn: ChatTurn) -> None:
    """Remove a turn and all after it, from the screen and from what the assistant remembers."""
    gone = visit.turns[visit.turns.index(turn) :]
    del visit.turns[-len(gone) :]
    for each in gone:
        if each.answered_by is not None and each.number is not None:
            each.answered_by.rewind(each.number)


def turn_at(visit: Visit, index: int, question: bool = True) -> ChatTurn | None:
    """Find the turn that the message at this place of the transcript belongs to, None where there is none.

    `question`: the message must be what was asked.
    """
    place = 0
    for number, turn in enumerate(visit.turns):
        length = len(_messages_of(visit, turn, number))
        if question and place == index:
            return turn if turn.question else None
        place += length
        if not question and index < place:
            return turn
    return None


def _messages_of(visit: Visit, turn: ChatTurn, number: int) -> list[gr.ChatMessage]:
    shown = [gr.ChatMessage(content=escaped(turn.question), role="user")] if turn.question else []
    shown += _steps_of(turn, f"turn-{number}")
    notices = (f"*{notice}*" for notice in turn.notices)
    said = "\n\n".join(part for part in (_linked_text(visit.workspace.atlas, turn), *notices) if part)
    parts = [without_html(said), *turn.links, elsewhere(visit, turn)]
    text = "\n\n".join(part for part in parts if part)
    if text:
        shown.append(gr.ChatMessage(content=text))
    elif not turn.steps and not turn.done:
        shown.append(gr.ChatMessage(content="", metadata=MetadataDict(title="Thinking…", status="pending")))
    return shown


def elsewhere(visit: Visit, turn: ChatTurn) -> str:
    """Offer what an answer was about and the screen does not show now, as links; say what is no longer there."""
    if not turn.done:
        return ""
    session = visit.session
    hidden = [scene for scene in turn.scenes.values() if not scene.is_shown(session)]
    lost = [reason for scene in hidden if (reason := scene.lost(session))]
    links = [
        f"[Show {scene.region.region_id} of this answer](#show-{turn.key}-{scene.region.region_id}-)"
        for scene in hidden
        if not scene.lost(session)
    ]
    return " ".join((*links, *(f"*{reason}*" for reason in lost)))


def _steps_of(turn: ChatTurn, turn_id: str) -> list[gr.ChatMessage]:
    """Write one line for one step; several are nested under a line that counts them."""
    steps = list(turn.steps.values())
    lines = [_line(step.title, step.duration_ms, turn.done) for step in steps]
    shown = [
        gr.ChatMessage(content=without_html(step.details), metadata=line)
        for step, line in zip(steps, lines, strict=True)
    ]
    if len(steps) < 2:
        return shown
    for line in lines:
        line["parent_id"] = turn_id
    times = [step.duration_ms for step in steps if step.duration_ms is not None]
    whole = sum(times) if len(times) == len(steps) else None
    heading = _line(f"{len(steps)} steps: {steps[-1].title}", whole, turn.done)
    heading["id"] = turn_id
    return [gr.ChatMessage(content="", metadata=heading), *shown]


def _line(title: str, duration_ms: int | None, done: bool) -> MetadataDict:
    line = MetadataDict(title=title, status="pending" if duration_ms is None and not done else "done")
    if duration_ms is not None:
        line["duration"] = duration_ms / 1000
    return line


def _linked_text(atlas: SearchableAtlas, turn: ChatTurn) -> str:
    """Give the text of a turn with its citations as links; found once for every text."""
    if turn.linked is None or turn.linked[0] != turn.text:
        turn.linked = (turn.text, linked(turn.text, _knows(atlas), turn))
    return turn.linked[1]


def linked(text: str, known: Callable[[str], bool], turn: ChatTurn) -> str:
    """Turn citations `[id]` of known lesions into links that bring back what the answer says of them: the region that
    is spoken of where they stand, beside the lesion."""

    def link(match: re.Match[str]) -> str:
        lesion_id = match[1]
        if not known(lesion_id):
            return match[0]
        spoken_of = [r for r in _REGION.findall(text[: match.start()]) if _found_by(turn, r, lesion_id)]
        region_id = next(iter(spoken_of[::-1] or [r for r in turn.scenes if _found_by(turn, r, lesion_id)]), "")
        return f"[{lesion_id}](#show-{turn.key}-{region_id}-{quote(lesion_id, safe='')})"

    return _CITATION.sub(link, text)


def _found_by(turn: ChatTurn, region_id: str, lesion_id: str) -> bool:
    """Tell whether an answer puts a lesion beside a region."""
    scene = turn.scenes.get(region_id)
    if scene is None:
        return False
    hits = scene.search.hits if scene.search is not None else ()
    return scene.lesion_id == lesion_id or any(hit.lesion_id == lesion_id for hit in hits)


def follow_ups(visit: Visit) -> tuple[str, ...]:
    """Suggest questions: about a region that was not searched yet, else what the last answer suggests."""
    session = visit.session
    if session.study is None:
        return ("What can you do?", "What is in the atlas?")
    selected = session.selected
    if session.quiz is not None and session.quiz.hidden:
        return ("Give me a hint", f"Measure {session.quiz.region_id}", "What is the truth?")
    if selected is not None and session.search_of(selected.region_id) is None:
        return (f"What does {selected.region_id} look like?", f"Measure {selected.region_id}")
    last = visit.turns[-1] if visit.turns else None
    if last is not None and last.follow_ups:
        return last.follow_ups
    facts = visit.facts.get(session.series.series_key, session.series.facts)
    no_places = is_head(facts.body_part or facts.body_part_seen)
    return ("What can you do?" if no_places else "Suggest places worth a look", "Describe this study")


def say(visit: Visit, text: str) -> None:
    """Put a sentence of the program itself into the conversation."""
    visit.turns.append(ChatTurn(question="", text=text, done=True))


def clear(visit: Visit) -> None:
    """Begin a new conversation, and offer the last one until the next question."""
    visit.clear_conversation()
    if visit.cleared:
        visit.turns.append(ChatTurn(question="", text=CLEARED, done=True, until_asked=True))


def record(visit: Visit, found: SearchFacts) -> None:
    """Note a search that the controls made; of several in a row the last one is kept."""
    last = visit.turns[-1] if visit.turns else None
    if last is not None and not last.question and not last.text:
        visit.turns.pop()
    step = ChatStep(f"{finished(found)} (set with the controls)", _details(found), found.duration_ms)
    ideas = next_questions(turn_state(visit.workspace, EvidenceLedger()), ["search_similar_lesions"])
    turn = ChatTurn(question="", steps={"controls": step}, follow_ups=ideas, done=True)
    _keep_scene(visit, turn, found)
    visit.turns.append(turn)


def _knows(atlas: SearchableAtlas) -> Callable[[str], bool]:
    def known(lesion_id: str) -> bool:
        try:
            atlas.get(lesion_id)
        except AtlasError:
            return False
        return True

    return known
