"""What is taken back on the page is taken back from the assistant's memory: what comes next builds on what is left."""

from typing import Any

import pytest

from tests.browser.test_journeys import lesion_on

pytestmark = pytest.mark.browser


@pytest.fixture
def person(visitor: Any, server: Any, demo: Any) -> Any:
    """Somebody who has marked a lesion."""
    somebody = visitor()
    sample = server.shelf.samples[0]
    somebody.open_sample(sample.title)
    somebody.click_image(*lesion_on(demo, sample).centre)
    somebody.regions().first.wait_for()
    return somebody


def say(person: Any, question: str, told: str) -> str:
    """Ask, wait until the conversation tells it, and return the conversation."""
    person.ask(question)
    person.page.locator("#chat", has_text=told).wait_for()
    text: str = person.answer()
    return text


def test_after_an_edit_a_follow_up_inherits_the_edited_filter(person: Any) -> None:
    page = person.page
    say(person, "Find similar liver lesions", "only liver")
    say(person, "only men", "men")
    page.locator("#chat button[aria-label=Edit]").first.click()
    page.locator("#chat textarea").first.fill("Find similar lesions in women")
    page.locator("#chat button[aria-label=Submit]").first.click()
    page.locator("#chat", has_text="for R1, women").wait_for()
    edited = person.answer()
    assert page.locator("#chat .user").count() == 1
    assert "liver lesions" not in edited
    follow_up = say(person, "and over 30", "aged 31")
    last = follow_up[follow_up.index("and over 30") :]
    assert "women, aged 31" in last
    assert "only liver" not in last


def test_a_question_asked_again_is_asked_of_the_memory_before_it(person: Any, server: Any) -> None:
    page = person.page
    say(person, "Find similar lesions, top 4", "4 hits")
    say(person, "2 more", "6 hits")
    visit = next(v for v in server.visits._visits if v.visitor == person.cookie())
    answered = visit.turns[-1]
    page.locator("#chat button[aria-label=Retry]").last.click()
    for _ in range(100):
        if visit.turns and visit.turns[-1] is not answered and visit.turns[-1].done:
            break
        page.wait_for_timeout(100)
    again = person.answer()
    assert visit.turns[-1] is not answered
    assert "6 hits" in again
    assert "8 hits" not in again
    assert "for R1, women: 6 hits" in say(person, "only women", "for R1, women")
