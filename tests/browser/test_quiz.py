"""A class plays a quiz in real browsers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE, WAIT_MS, Person, running
from tools.settings import Settings

pytestmark = pytest.mark.browser
STRANGE = {  # names that stand nowhere else on a page, so that each mention of one is the case's
    "bone": "quellite", "abdomen": "zorbule", "mediastinum": "vexoid", "liver": "mirphoma", "lung": "druxine",
    "kidney": "plimosis", "soft tissue": "gnorfid", "pelvis": "jabbrule",
}  # fmt: skip


def link(server: Any, query: str = "quiz=CLASS7&n=10") -> str:
    return f"{server.address}/?{query}"


def wait_for_case(person: Person, number: int, count: int) -> None:
    person.page.locator(".quiz-head", has_text=f"Case {number} of {count}").wait_for()
    person.page.locator(".quiz .choices.type").wait_for()
    person.wait_for_picture()


def answer(person: Person, option: int, sureness: int) -> None:
    person.page.locator(".quiz .choices.type label").nth(option).click()
    person.page.locator(".quiz .choices.sureness label").nth(sureness).click()
    person.page.locator(".quiz .primary", has_text="Answer").click()
    person.page.locator(".quiz .verdict").wait_for()


def next_case(person: Person) -> None:
    person.page.locator(".quiz .row .primary").click()


def shown(person: Person) -> str:
    """What this browser shows of a case before it is answered."""
    return " ".join(person.regions().first.inner_text().split())


def test_an_educator_gets_a_class_link_in_a_few_clicks(visitor: Any) -> None:
    educator = visitor()
    educator.page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    educator.page.locator("#quiz-button").click()
    educator.page.locator(".quiz form").wait_for()
    educator.shot("40-quiz-setup")
    educator.page.locator(".quiz .copy").click()
    educator.until(lambda: bool(educator.page.evaluate("window.copied")))
    learner = visitor()
    learner.page.goto(educator.page.evaluate("window.copied"))
    wait_for_case(learner, 1, 10)


def test_two_browsers_get_the_same_cases_and_one_plays_to_the_end(visitor: Any, server: Any) -> None:
    ann, bob = visitor(), visitor()
    for person in (ann, bob):
        person.page.goto(link(server))
        wait_for_case(person, 1, 10)
    orders = [
        [case.lesion.lesion_id for case in server.visits.opened(person.cookie())[-1].session.quiz.cases]
        for person in (ann, bob)
    ]
    assert orders[0] == orders[1]
    assert len(orders[0]) == 10
    for number in range(1, 11):
        wait_for_case(ann, number, 10)
        if number <= 3:
            wait_for_case(bob, number, 10)
            assert shown(ann) == shown(bob)
            bob.page.locator(".quiz button", has_text="Give up").click()
            bob.page.locator(".quiz .verdict").wait_for()
            next_case(bob)
        answer(ann, number % 8, number % 4)
        if number == 1:
            ann.page.locator(".hits li").first.wait_for()
            ann.page.locator(".quiz .lesson img").wait_for()
            ann.shot("41-quiz-told")
        next_case(ann)
    ann.page.locator(".quiz .calibration").wait_for()
    assert ann.page.locator(".quiz .calibration .point").count() == 4
    cells = ann.page.locator(".quiz .confusion td").all_inner_texts()
    assert sum(int(cell) for cell in cells if cell) == 10
    assert "of 10" in ann.page.locator(".quiz .total").inner_text()
    ann.shot("42-quiz-results")
    with ann.page.expect_download() as saved:
        ann.page.locator(".quiz .export a", has_text="CSV").click()
    assert len(Path(saved.value.path()).read_text().splitlines()) == 11


def test_a_phone_shows_picture_and_question_on_one_page(visitor: Any, server: Any) -> None:
    person = visitor(**PHONE)
    person.page.goto(link(server, "quiz=PHONE&n=1"))
    wait_for_case(person, 1, 1)
    width = person.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["viewport"]["width"]
    person.page.locator(".quiz").scroll_into_view_if_needed()
    person.shot("43-quiz-phone")
    answer(person, 0, 0)
    next_case(person)
    person.page.locator(".quiz .calibration").wait_for()
    assert person.page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    person.page.locator(".quiz").scroll_into_view_if_needed()
    person.shot("44-quiz-phone-results")


def test_no_response_tells_the_type_before_the_answer(demo: Any, chromium: Any, tmp_path: Path) -> None:
    settings = _strange_atlas(demo, tmp_path)
    sent: list[bytes] = []

    def listening(app: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            async def keep(message: Any) -> None:
                sent.append(message.get("body", b""))
                await send(message)

            await app(scope, receive, keep)

        return wrapped

    with running(settings, listening) as server:
        context = chromium.new_context(viewport=DESKTOP)
        context.set_default_timeout(WAIT_MS)
        person = Person(server, context, context.new_page()).arrive()
        for seed in ("SERIES", "PICTURE"):
            sent.clear()
            person.page.goto(link(server, f"quiz={seed}&n=4"))
            for number in (1, 2):
                wait_for_case(person, number, 4)
                quiz = server.visits.opened(person.cookie())[-1].session.quiz
                person.page.locator(".quiz button", has_text="Hint").click()
                person.page.locator(".quiz .hints li").first.wait_for()
                for question in ("Describe the study", "What does R1 look like?", "Measure R1", "List my cases"):
                    person.ask(question)
                    person.answer()
                body = b"".join(sent).decode("utf-8", "replace")
                counts = {name: body.count(name) for name in STRANGE.values()}
                assert counts[quiz.case.lesion_type] > 0
                assert len({counts[name] for name in quiz.options}) == 1, counts
                assert quiz.case.lesion.lesion_id not in body
                answer(person, 0, 0)
                assert quiz.case.lesion_type in person.page.locator(".quiz .verdict").inner_text()
                sent.clear()
                next_case(person)
        context.close()


def _strange_atlas(demo: Any, folder: Path) -> Settings:
    """An atlas of the teaching cases under names of nobody's; half of them are pictures without a series."""
    from encoder.embedder import load_embedder
    from encoder.pack import RoiPack, read_pack
    from tools.atlas.atlas import Atlas
    from tools.atlas.build import index_pack
    from tools.pipelines.demo import patient_keys

    pack = read_pack(demo.settings.samples / "pack")
    kept = range(0, len(pack), 2)
    rows = tuple(
        replace(
            pack.lesions[i], lesion_type=STRANGE[pack.lesions[i].lesion_type], source="phantom" if i % 4 else "pack"
        )
        for i in kept
    )
    embedder = load_embedder(demo.settings.encoder)
    atlas = Atlas(folder / "strange", embedder.fingerprint, patient_keys(demo.settings), create=True)
    index_pack(atlas, RoiPack.of_inputs(pack.inputs()[list(kept)], rows), embedder)
    atlas.close()
    return Settings(data=demo.settings.data, model="offline", atlas=str(folder / "strange"))
