"""One state: after any sequence of clicks, messages, filters, edits and undo, what the chat says is what viewer, panel
and controls show; and an answer that is not on the screen says so."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from assistant.agent.assistant import Assistant
from tests.conftest import examples
from tests.ui.screen import PlayedAssistant, Screen
from tools.domain.number_words import likeness
from tools.domain.study import Study
from tools.workspace.compare import compare_with_lesion
from ui.server.handlers import PageHandlers
from ui.state.visits import Visits, new_visitor

SPOTS = 4  # lesions of the first series, and one of no lesion
SESSIONS = 500

_PLACE = st.integers(0, 5)
_ACTIONS = st.one_of(
    st.tuples(st.just("click"), st.integers(0, SPOTS - 1)),
    st.tuples(st.sampled_from(("select", "accept", "remove", "resize", "choose", "cite", "answer")), _PLACE),
    st.tuples(
        st.just("ask"), st.sampled_from(("search", "measure", "compare")), _PLACE, st.sampled_from(("", "F", "M"))
    ),
    st.tuples(st.just("ask"), st.sampled_from(("suggest", "hello", "series")), st.integers(0, 1), st.just("")),
    st.tuples(st.just("filter"), st.sampled_from((None, "F", "M"))),
    st.tuples(st.just("edit"), _PLACE, st.sampled_from(("search it", "measure it", "hello"))),
    st.tuples(st.sampled_from(("again", "clear", "undo", "undo"))),
    st.tuples(st.just("series"), st.integers(0, 1)),
)


@pytest.fixture(scope="module")
def study(shelf: Any) -> Study:
    """Two series, to go back and forth between."""
    first, second = (shelf.study(sample) for sample in shelf.samples[:2])
    return replace(first, series=(first.series[0], second.series[0]))


@pytest.fixture(scope="module")
def cheap(shared: Any) -> Iterator[Any]:
    """Outlines and vectors are made once for each spot: what is tested is what is done with them."""
    from tools.regions import create
    from tools.workspace import session

    embed = lru_cache(maxsize=None)(lambda key, shape, dtype: shared.embedder(_array(key, shape, dtype)))

    class Remembering:
        def __call__(self, rois: Any) -> Any:
            return embed(rois.tobytes(), rois.shape, str(rois.dtype))

        def __getattr__(self, name: str) -> Any:
            return getattr(shared.embedder, name)

    patch = pytest.MonkeyPatch()
    patch.setattr(session, "region_from_click", lru_cache(maxsize=None)(create.region_from_click))
    patch.setattr(session, "region_from_box", lru_cache(maxsize=None)(create.region_from_box))
    found = lru_cache(maxsize=None)(lambda series, max_regions: create.find_regions(series, 0, max_regions))
    patch.setattr("tools.agent_tools.propose_regions", found)
    yield replace(shared, embedder=Remembering())
    patch.undo()


def _array(data: bytes, shape: tuple[int, ...], dtype: str) -> Any:
    import numpy as np

    return np.frombuffer(data, dtype).reshape(shape)


Opened = tuple[Screen, Any, Visits]


@pytest.fixture(scope="module")
def start(cheap: Any, shelf: Any, study: Study, demo: Any) -> Callable[..., Opened]:
    """Open a page with the study on it."""
    lesions = [c for c in demo.cases if c.folder == shelf.samples[0].folder][: SPOTS - 1]
    spots = [*((c.slice - 1, *c.centre) for c in lesions), (0, 256.0, 256.0)] * SPOTS

    def opened(assistant: Callable[..., Any]) -> Opened:
        visits = Visits(cheap)
        screen = Screen(PageHandlers(visits, shelf), new_visitor(), spots=spots)
        visit = visits.of_page(screen.cookie, screen.page)
        visit.assistant = lambda: _made(visit, assistant)  # type: ignore[method-assign]
        visit.open(study, "A study")
        screen.send(screen.handlers.load)
        return screen, visit, visits

    return opened


def _made(visit: Any, assistant: Callable[..., Any]) -> Any:
    if visit._assistant is None:
        visit._assistant = assistant(visit.workspace, "offline")
    return visit._assistant


def do(screen: Screen, action: tuple[Any, ...]) -> int | None:
    """Do one thing as a person would, with what is on the screen. Return the place of the answer that was chosen."""
    kind, *args = action
    regions = [region["region_id"] for region in screen.viewer["regions"]]
    named = regions[args[0] % len(regions)] if regions and args and isinstance(args[0], int) else None
    answers, links = screen.answers(), screen.links()
    if kind == "click":
        slice_index, x, y = screen.spots[args[0]]
        screen.act("click", slice_index=slice_index, x=x, y=y)
    elif kind in ("select", "accept", "remove") and named:
        screen.act(kind, region_id=named)
    elif kind == "resize" and named:
        screen.act(kind, region_id=named, box=[150, 150, 180 + args[0], 190])
    elif kind == "series":
        screen.act("series", index=args[0])
    elif kind == "ask":
        tool, place, sex = args
        region_id = regions[place % len(regions)] if regions else "R1"
        screen.ask(f"{tool} {place + 1 if tool == 'series' else region_id} {sex}".strip())
    elif kind == "filter" and screen.gallery["controls"]:
        controls = {**screen.gallery["controls"], "sex": args[0]}
        asked = {"study": screen.gallery["study_key"], "region_id": screen.gallery["region_id"], "controls": controls}
        screen.send(screen.handlers.search, asked)
    elif kind == "edit" and (questions := screen.questions()):
        screen.edit(questions[args[0] % len(questions)], args[1])
    elif kind == "again":
        screen.ask_again()
    elif kind == "clear":
        screen.send(screen.handlers.clear)
    elif kind == "undo":
        screen.send(screen.handlers.undo, {})
    elif kind == "choose" and answers:
        place = answers[args[0] % len(answers)][0]
        screen.send(screen.handlers.choose_answer, {"index": place})
        return place
    elif kind in ("cite", "answer") and links:
        turn, region_id, lesion = links[args[0] % len(links)]
        lesion = unquote(lesion) if kind == "cite" else ""
        screen.send(screen.handlers.show, {"turn": turn, "region_id": region_id, "lesion": lesion})
        return next(place for place, text in answers if f"#show-{turn}-" in text)
    return None


def check(screen: Screen, visit: Any, action: tuple[Any, ...], chosen: int | None) -> None:
    """Chat, panel, viewer and controls agree; `chosen` is the place of the answer that was to come back."""
    viewer, gallery, region = screen.viewer, screen.gallery, screen.region
    assert gallery["region_id"] == viewer["selected"] == (region and region["region_id"])
    assert bool(gallery["hits"] or gallery["hint"] or gallery["searched"]) == bool(viewer["regions"])
    if gallery["verdict"]:
        found = visit.session.search_of(gallery["region_id"])
        assert [hit["lesion_id"] for hit in gallery["hits"]] == [hit.lesion_id for hit in found.hits]
        assert gallery["controls"]["sex"] == found.filters.sex
    answers = [text for _, text in screen.answers()]
    for text in answers:
        if not screen.is_offered(text):
            agrees(screen, text)
    if action[0] in ("ask", "again", "edit") and answers:
        assert not screen.is_offered(answers[-1]), "an answer is on the screen when it is given"
    goes = action[0] in ("select", "accept") or action[:2] in (("ask", "search"), ("ask", "measure"))
    if region is not None and (goes or (chosen is not None and not viewer["notice"])):
        assert screen.slice_index == region["slice_index"]
    if chosen is not None:  # it came back, or says why it cannot
        assert "[Show" not in dict(screen.answers())[chosen]
    if action[0] == "cite" and gallery["compared"]:
        beside = compare_with_lesion(visit.workspace, viewer["selected"], gallery["compared"])
        told = {hit["lesion_id"]: hit["likeness"] for hit in gallery["hits"]}
        assert told.get(gallery["compared"], likeness(beside.similarity)) == likeness(beside.similarity)


def agrees(screen: Screen, text: str) -> None:
    """An answer that does not say otherwise is about what viewer, panel and controls show."""
    region, gallery = screen.region, screen.gallery
    if searched := re.match(r"I looked at (R\d+) .*?searched (\d+) of", text):
        assert region is not None
        assert searched[1] == region["region_id"] == gallery["region_id"]
        assert f"Compared with {searched[2]} of" in gallery["searched"]
        women, men = re.search(r"lesions: women", text), re.search(r"lesions: men", text)
        assert gallery["controls"]["sex"] == ("F" if women else "M" if men else None)
        if sure := re.search(r"(high|moderate|low) confidence", text):
            assert gallery["confidence"] == sure[1]
            assert gallery["verdict"].lower().startswith(sure[0])
        if hit := re.search(r"\[([^\]]+)\]\(#show-[^)]*\).*?similarity (\d\.\d+)", text):
            assert (hit[1], hit[2]) == (gallery["hits"][0]["lesion_id"], gallery["hits"][0]["likeness"])
    elif measured := re.match(r"(R\d+) (?:on slice (\d+)|beside)", text):
        assert region is not None
        assert measured[1] == region["region_id"]
        assert measured[2] in (None, str(region["slice_index"] + 1))
        if axis := re.search(rf"{measured[1]} (?:on slice \d+: long axis|measures) (\d+\.?\d*) mm", text):
            assert float(axis[1]) == float(region["size"].split(" ")[0])


@settings(max_examples=examples(SESSIONS), deadline=None)
@given(st.lists(_ACTIONS, min_size=1, max_size=7))
def test_what_is_said_is_what_is_shown(start: Callable[..., Opened], actions: list[tuple[Any, ...]]) -> None:
    screen, visit, visits = start(PlayedAssistant)
    try:
        for action in actions:
            check(screen, visit, action, do(screen, action))
    finally:
        visits.close_all()


WORDS = (
    "suggest places",
    "what does R1 look like",
    "what does R2 look like",
    "compare with the closest",
    "only men",
    "measure R1",
    "why?",
    "what does R3 look like",
)


@settings(max_examples=examples(2), deadline=None)
@given(st.permutations(WORDS))
def test_it_holds_for_what_the_program_itself_answers(start: Callable[..., Opened], words: list[str]) -> None:
    screen, visit, visits = start(Assistant)
    try:
        for spot in range(3):
            do(screen, ("click", spot))
        for question in words:
            screen.ask(question)
            check(screen, visit, ("ask", ""), None)
            check(screen, visit, ("cite",), do(screen, ("cite", len(screen.links()) - 1)))
    finally:
        visits.close_all()


def test_a_reply_that_never_reached_the_screen_is_sent_again(start: Callable[..., Opened]) -> None:
    screen, visit, visits = start(PlayedAssistant)
    try:
        do(screen, ("click", 0))
        do(screen, ("click", 1))
        before = screen.viewer, screen.gallery
        do(screen, ("select", 0))
        screen.viewer, screen.gallery = before  # what came last was drawn over by what came before it
        screen.act("look", slice_index=0, shown=before[1]["revision"])
        check(screen, visit, ("look",), None)
        assert screen.viewer["selected"] == "R1"
        revision = screen.viewer["revision"]
        screen.act("look", slice_index=0, shown=screen.gallery["revision"])
        assert screen.viewer["revision"] == revision  # what is shown is not sent once more
    finally:
        visits.close_all()


def test_a_reply_from_the_midst_of_an_answer_brings_no_half_of_it(start: Callable[..., Opened]) -> None:
    screen, visit, visits = start(PlayedAssistant)
    try:
        do(screen, ("click", 0))
        screen.ask("search it")
        whole = list(screen.chat)
        visit.turns[-1].done = False
        visit.turns[-1].text, text = "R1", visit.turns[-1].text
        screen.act("look", slice_index=0, shown=0)  # its reply may come after the last of the answer
        do(screen, ("click", 1))
        visit.turns[-1].done, visit.turns[-1].text = True, text
        assert screen.chat == whole
        screen.act("look", slice_index=0, shown=0)
        assert any(text.splitlines()[0] in str(message.content) for message in screen.chat)
    finally:
        visits.close_all()
