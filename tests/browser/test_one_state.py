"""In a real browser, too, chat, panel and picture are about the same lesion, whatever is clicked and asked."""

import random
import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

SESSIONS, STEPS = 20, 4
ANSWER = re.compile(r"I looked at (R\d+) \(slice (\d+)")


def settle(person: Any) -> None:
    """Wait until nothing is under way."""
    person.page.locator("#send").wait_for()
    person.page.wait_for_timeout(250)


def agrees(person: Any) -> None:
    """The panel is about the chosen region, and so is every answer that does not offer to come back."""
    page = person.page
    chosen = page.locator(".regions .selected")
    region_id = chosen.get_attribute("data-region") if chosen.count() else None
    gallery = page.locator("#gallery").inner_text()
    if region_id is not None:
        assert re.search(rf"like {region_id}\b|Ask what {region_id} looks", gallery)
    for message in page.locator("#chat .bot").all_inner_texts():
        told = ANSWER.search(message)
        if told is None or f"Show {told[1]} of this answer" in message or "since this answer" in message:
            continue
        assert told[1] == region_id
        sure = re.search(r"(high|moderate|low) confidence", message)
        assert sure is None or sure[0] in page.locator("#gallery .verdict").inner_text().lower()


def comes_to_agree(person: Any) -> None:
    """What is drawn one after the other agrees in the end; where it does not, say what."""

    def problem() -> AssertionError | None:
        try:
            agrees(person)
        except AssertionError as error:
            return error
        return None

    try:
        person.until(lambda: problem() is None)
    except AssertionError:
        last = problem()
        if last is not None:
            raise last from None


def step(person: Any, rng: random.Random) -> None:
    """Do one thing at random."""
    page, regions = person.page, person.regions()
    links = page.locator("#chat a[href*='#show-']")
    kind = rng.choice(("click", "ask", "ask", "choose", "cite", "cite", "filter", "delete"))
    if kind == "click" or not regions.count():
        person.click_image(rng.choice((200, 256, 310)), rng.choice((220, 260, 330)))
        regions.first.wait_for()
    elif kind == "ask":
        number = rng.choice(regions.evaluate_all("all => all.map((one) => one.dataset.region)"))
        person.ask(f"What does {number} look like?")
        settle(person)
        told = ANSWER.search(page.locator("#chat .bot").last.inner_text())
        if told is not None:
            page.locator(f".stage[data-shown='{told[2]}']").wait_for()
    elif kind == "choose":
        regions.nth(rng.randrange(regions.count())).locator(".choose").click()
    elif kind == "cite" and links.count():
        links.nth(rng.randrange(links.count())).click()
    elif kind == "filter" and page.locator("[name=sex]").is_visible():
        page.locator("[name=sex]").select_option(rng.choice(("", "F", "M")))
    elif kind == "delete" and regions.count() > 1:
        regions.last.locator(".small").last.click()
    settle(person)


def test_random_sessions_never_come_apart(visitor: Any, server: Any) -> None:
    person = visitor()
    for seed in range(SESSIONS):
        rng = random.Random(seed)
        if seed:
            person.page.locator("[data-do=cases]").click()
        person.open_sample(server.shelf.samples[seed % 3].title)
        for _ in range(STEPS):
            step(person, rng)
            comes_to_agree(person)
    person.shot("30-one-state")


def test_choosing_an_older_answer_brings_its_search_back(visitor: Any, server: Any) -> None:
    person = visitor()
    page = person.page
    person.open_sample(server.shelf.samples[0].title)
    for spot, number in (((200, 256), "R1"), ((300, 240), "R2")):
        person.click_image(*spot)
        person.page.locator(f".regions [data-region={number}]").wait_for()
        person.ask(f"What does {number} look like?")
        page.locator("#gallery .title", has_text=f"Lesions like {number}").wait_for()
        settle(person)
    first = page.locator("#chat .bot", has_text="I looked at R1")
    first.get_by_text("Show R1 of this answer").wait_for()
    first.locator("p", has_text="I looked at R1").first.click()
    page.locator("#gallery .title", has_text="Lesions like R1").wait_for()
    assert page.locator(".regions .selected").get_attribute("data-region") == "R1"
    page.locator("#chat .bot", has_text="I looked at R2").get_by_text("Show R2 of this answer").wait_for()
    page.locator("#chat .bot", has_text="I looked at R2").locator("a[href*='#show-']").first.click()
    beside = page.locator(".compare h3", has_text="R2 beside")
    beside.wait_for()
    told = page.locator("#gallery .hits button").first.locator(".similarity").inner_text()
    assert f"similarity {told}" in beside.inner_text()
    person.shot("31-citation")
