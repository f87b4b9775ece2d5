"""The page fetches nothing that was typed, breaks at nothing that is pressed, follows the system and the printer."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import OUTPUT, WAIT_MS, running
from tests.browser.test_journeys import lesion_on

pytestmark = pytest.mark.browser

HOSTILE = (
    'A <img src="https://example.com/x.png"> ![y](https://example.com/y.png) <b>b</b> <s> 3*4*5 _u_ & &lt; \\ [a](b)'
)


def report_violations(person: Any) -> list[str]:
    """What the browser refuses because of the page's policy, from now on."""
    refused: list[str] = []
    person.page.expose_function("refused", lambda what: refused.append(what))
    person.page.evaluate(
        "() => addEventListener('securitypolicyviolation', (e) => refused(`${e.violatedDirective} ${e.blockedURI}`))"
    )
    return refused


def visit_of(person: Any) -> Any:
    """What the server knows of somebody's page, once it has been loaded."""
    person.until(lambda: any(v.visitor == person.cookie() for v in person.server.visits._visits))
    return next(v for v in person.server.visits._visits if v.visitor == person.cookie())


def outlined(visitor: Any, server: Any, demo: Any, **options: Any) -> Any:
    """Somebody who has a lesion outlined."""
    person = visitor(**options)
    sample = server.shelf.samples[0]
    person.open_sample(sample.title)
    person.click_image(*lesion_on(demo, sample).centre)
    person.regions().first.wait_for()
    return person


def test_typed_html_is_shown_as_text_and_fetches_nothing(visitor: Any) -> None:
    person = visitor()
    person.ask(HOSTILE)
    person.answer()
    asked = person.page.locator("#chat .user .md")
    assert asked.inner_text().strip() == HOSTILE
    assert asked.locator("img, b, em, s, a[href=b]").count() == 0
    person.page.locator("#chat .message-buttons-right button").last.click()
    person.page.locator("#chat textarea").press("End")
    person.page.locator("#chat textarea").press_sequentially("!")
    person.page.locator("#chat button[aria-label=Submit]").click()
    person.page.locator("#chat .user .md", has_text="[a](b)!").wait_for()
    assert asked.inner_text().strip() == f"{HOSTILE}!"


def test_what_a_model_writes_fetches_nothing_either(visitor: Any, server: Any) -> None:
    from ui.chat.chat import say

    person = visitor()
    visit = visit_of(person)
    say(visit, "**Look:** <img src='https://example.com/a.png'> ![b](https://example.com/b.png)")
    person.ask("thanks")
    person.answer()
    person.page.locator("#chat strong", has_text="Look:").wait_for()
    assert person.page.locator("#chat .bot img").count() == 0
    assert "<img" in person.page.locator("#chat .bot").first.inner_text()


def test_a_whole_journey_breaks_no_policy_and_an_outside_picture_does(visitor: Any, server: Any, demo: Any) -> None:
    person = outlined(visitor, server, demo)
    page, refused = person.page, report_violations(person)
    person.ask("What does R1 look like?")
    page.locator(".hits button").nth(3).wait_for()
    person.answer()
    page.locator(".hits button").first.click()
    page.locator(".compare img").nth(1).wait_for()
    page.locator("[data-view=map]").click()
    page.locator(".legend li").first.wait_for()
    person.ask("Write a report")
    page.locator("#chat a[href*='/files/']").first.wait_for()
    person.answer()
    page.locator("#theme-button").click()
    assert refused == []
    page.evaluate("() => document.body.append(Object.assign(new Image(), { src: 'https://example.com/x.png' }))")
    person.until(lambda: refused == ["img-src https://example.com/x.png"])
    assert any("example.com" in complaint for complaint in person.complaints)
    person.complaints.clear()  # it was this test that asked for it


@pytest.mark.parametrize(
    ("site", "space", "shown"),
    [
        ("https://huggingface.co", True, True),
        ("https://example.com", True, False),
        ("https://huggingface.co", False, False),
    ],
)
def test_a_spaces_host_may_frame_the_page_and_others_may_not(
    site: str, space: bool, shown: bool, chromium: Any, server: Any, demo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.ExitStack() as running_space:
        if space:
            monkeypatch.setenv("SPACE_HOST", "ann-lesions.hf.space")
            server = running_space.enter_context(running(demo.settings))
        _frame(chromium, server, site, shown)


def _frame(chromium: Any, server: Any, site: str, shown: bool) -> None:
    context = chromium.new_context()
    with contextlib.suppress(Exception):  # older browsers let a public page frame this machine without being asked
        context.grant_permissions(["local-network-access"])
    page = context.new_page()
    frame = f"<iframe src='{server.address}/' width=1200 height=700></iframe>"
    page.route(f"{site}/**", lambda route: route.fulfill(content_type="text/html", body=frame))
    if shown:
        page.goto(f"{site}/spaces/lesion-search")
        page.frame_locator("iframe").get_by_role("heading", name="Lesion Search").wait_for(timeout=WAIT_MS)
    else:
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text, timeout=WAIT_MS):
            page.goto(f"{site}/spaces/lesion-search")
    context.close()


def test_a_notice_cannot_be_retried_and_a_question_can(visitor: Any, server: Any) -> None:
    person = visitor()
    person.open_sample(server.shelf.samples[0].title)
    buttons = person.page.locator("#chat .message-buttons-left button:visible")
    buttons.first.wait_for()
    assert buttons.count() == 1  # copy alone
    person.ask("thanks")
    person.answer()
    person.page.locator("#chat button[aria-label=Retry]:visible").wait_for()


def test_a_copied_answer_is_sentences_without_steps(visitor: Any, server: Any, demo: Any) -> None:
    person = outlined(visitor, server, demo, permissions=["clipboard-read", "clipboard-write"])
    page = person.page
    person.ask("What does R1 look like?")
    page.locator(".hits button").nth(3).wait_for()
    answer = person.answer()
    assert "Searched" in answer
    button = page.locator("#chat .message-row").last.locator(".message-buttons-left:visible button").first
    for modifiers in ([], ["Shift"]):
        button.click(modifiers=modifiers)
        page.locator("#chat button.copied").wait_for()
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert "resembles" in copied or "similar enough" in copied
        for debug in ("Searched", "search_similar_lesions", "](", "(E1)", "duration"):
            assert debug not in copied
        assert ("**" in copied) is bool(modifiers)


def test_the_system_chooses_the_theme_until_the_user_does(visitor: Any) -> None:
    person = visitor(color_scheme="light")
    page = person.page
    page.locator("body:not(.dark)").wait_for()
    page.emulate_media(color_scheme="dark")
    page.locator("body.dark").wait_for()
    page.locator("#theme-button").click()
    page.locator("body:not(.dark)").wait_for()
    page.reload()
    page.locator(".samples button").first.wait_for()
    page.locator("body:not(.dark)").wait_for()


def test_paper_gets_the_picture_and_the_whole_conversation_in_black_on_white(
    visitor: Any, server: Any, demo: Any
) -> None:
    person = outlined(visitor, server, demo)
    page = person.page
    person.ask("What does R1 look like?")
    page.locator(".hits button").nth(3).wait_for()
    person.answer()
    page.locator("body.dark").wait_for()
    page.set_viewport_size({"width": 720, "height": 1000})  # a sheet is as narrow as a phone held sideways
    page.emulate_media(media="print")
    page.locator("body:not(.dark)").wait_for()
    for hidden in ("#ask-row", "#chips", "#model", "#theme-button", "#tabs", "#viewer .toolbar", "#gallery .filters"):
        assert page.locator(hidden).is_hidden(), hidden
    for shown in ("#viewer .stage", "#viewer .regions li", "#gallery .hits li", "#chat .bot"):
        assert page.locator(shown).last.is_visible(), shown
    for scrolled in ("#chat [role=log]", "#left", "#right"):
        lost = page.locator(scrolled).evaluate("e => e.scrollHeight - e.clientHeight")
        assert lost <= 1, scrolled
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "print.png", full_page=True)
    page.emulate_media(media="screen")
    page.locator("body.dark").wait_for()


class TestModelPicker:
    @pytest.fixture
    def server(self, demo: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        """A server that offers two models. The first is never asked anything."""
        pytest.importorskip("langchain_openai")
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        with running(demo.settings.model_copy(update={"model": "openai:some-model"})) as server:
            yield server

    def test_it_changes_nothing_without_a_choice(self, visitor: Any, server: Any) -> None:
        person = visitor()
        page = person.page
        page.locator("#model option").nth(1).wait_for(state="attached")
        before = page.locator("#model select").input_value()
        visit = visit_of(person)
        page.locator("#model select").click()
        page.keyboard.press("Escape")
        page.locator("#model select").focus()
        page.keyboard.press("Tab")
        page.locator("#ask textarea").click()
        page.locator("#chips button").first.wait_for()
        assert (visit.model, page.locator("#model select").input_value()) == (before, before)
        assert "From now on" not in page.locator("#chat").inner_text()

        other = page.locator("#model option").nth(1)
        page.locator("#model select").select_option(other.get_attribute("value"))
        page.locator("#chat", has_text=f"From now on answered by {other.inner_text()}").wait_for()
        page.wait_for_function(f"() => document.querySelector('#model select').value === '{visit.model}'")
        assert visit.model == other.get_attribute("value") != before
