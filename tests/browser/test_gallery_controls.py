"""Filters said in words and set with controls, the map of the atlas, and a question written anew."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE
from tests.browser.test_journeys import lesion_on

pytestmark = pytest.mark.browser


@pytest.fixture
def person(visitor: Any, server: Any, demo: Any) -> Any:
    """Somebody with an answer on the screen."""
    somebody = visitor()
    sample = server.shelf.samples[1]
    somebody.open_sample(sample.title)
    somebody.click_image(*lesion_on(demo, sample).centre)
    somebody.regions().first.wait_for()
    somebody.ask("What does R1 look like?")
    somebody.page.locator(".hits button").nth(3).wait_for()
    somebody.answer()
    return somebody


def test_filters_stay_in_step_with_words_both_ways(person: Any) -> None:
    page = person.page
    person.ask("only women over 60")
    page.wait_for_function("() => document.querySelector('[name=sex]').value === 'F'")
    assert page.locator("[name=min_age]").input_value() == "61"
    person.answer()
    page.locator("[name=max_size_mm]").fill("40")
    page.keyboard.press("Enter")
    page.locator("#chat", has_text="set with the controls").wait_for()
    page.locator(".searched", has_text="40 mm or under").wait_for()
    page.locator(".types summary").click()
    page.locator(".choices input[value=liver]").check()
    page.locator(".searched", has_text="only liver").wait_for()
    page.keyboard.press("Escape")
    person.shot("16-filters")
    person.ask("and only over 65")
    page.wait_for_function("() => document.querySelector('[name=min_age]').value === '66'")
    person.answer()
    assert page.locator("[name=max_size_mm]").input_value() == "40"
    assert page.locator(".types summary").inner_text().strip() == "liver"
    page.locator("[name=max_age]").fill("20")
    page.keyboard.press("Enter")
    page.locator(".problem", has_text="No lesion can pass").wait_for()
    page.locator(".clear").click()
    page.wait_for_function("() => document.querySelector('[name=sex]').value === ''")
    page.wait_for_function("() => document.querySelector('.filters .clear').hidden")
    assert page.locator("[name=max_age]").input_value() == ""


def query_on(canvas: Any) -> tuple[float, ...]:
    """Where the region lies on the map."""
    return tuple(float(v) for v in canvas.get_attribute("data-query").split())


def test_the_map_shows_the_query_and_opens_a_lesion(person: Any) -> None:
    page = person.page
    page.locator("[data-view=map]").click()
    canvas = page.locator(".map canvas[role=img][data-query]")
    canvas.scroll_into_view_if_needed()
    frame = canvas.bounding_box()
    x, y = (float(v) for v in canvas.get_attribute("data-nearest").split())
    page.mouse.move(frame["x"] + x, frame["y"] + y)
    page.locator(".tip", has_text="mm").wait_for()
    person.shot("17-map")
    lesion = page.locator(".tip").inner_text().split(" · ")[0].split(": ")[-1]
    page.mouse.click(frame["x"] + x, frame["y"] + y)
    page.locator(".compare", has_text=lesion).wait_for()
    page.mouse.move(0, 0)  # what scrolls under a resting pointer moves it, and the tip goes with it
    page.wait_for_timeout(500)  # the comparison has scrolled into view
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".tip", has_text="hit").wait_for()
    canvas.scroll_into_view_if_needed()
    frame, whole = canvas.bounding_box(), query_on(canvas)
    page.mouse.move(frame["x"] + whole[0], frame["y"] + whole[1])
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function("() => document.querySelector('.map canvas').style.touchAction === 'none'")
    assert query_on(canvas) == pytest.approx(whole, abs=3)  # what is under the pointer stays there
    page.mouse.down()
    page.mouse.move(frame["x"] + whole[0] - 40, frame["y"] + whole[1] - 30, steps=3)
    page.mouse.up()
    assert query_on(canvas) == pytest.approx((whole[0] - 40, whole[1] - 30), abs=3)
    person.shot("20-map-zoomed")
    page.get_by_role("button", name="All", exact=True).click()
    assert query_on(canvas) == pytest.approx(whole, abs=1)
    page.locator("[data-view=hits]").click()
    page.locator(".hits button").first.wait_for()


def test_both_pictures_of_a_comparison_have_one_scale(person: Any) -> None:
    page = person.page
    page.locator(".hits button").first.click()
    page.locator(".compare img").nth(1).wait_for()
    assert "same scale" in page.locator(".compare").inner_text()
    bars = page.locator(".compare .scale")
    assert bars.count() == 2
    widths = [bars.nth(i).bounding_box()["width"] for i in range(2)]
    assert widths[0] == pytest.approx(widths[1], abs=0.5)
    page.locator(".compare input[type=checkbox]").click()
    person.shot("22-comparison-plain")


def test_what_a_vote_means_is_one_click_away(person: Any) -> None:
    person.page.locator(".how summary").click()
    assert "Calibrated on" in person.page.locator(".how").inner_text()


def test_the_last_question_is_edited_in_its_place(person: Any) -> None:
    page = person.page
    page.locator("#chat .user button[aria-label=Edit], #chat button[aria-label=Edit]").last.click()
    page.locator("#chat textarea").fill("Measure R1")
    page.locator("#chat button[aria-label=Submit]").click()
    page.locator("#chat", has_text="Measured R1").wait_for()
    text = person.answer()
    assert "What does R1 look like?" not in text
    assert page.locator("#chat .user").count() == 1


def test_who_answers_is_always_said(person: Any) -> None:
    assert "nothing leaves this machine" in person.page.locator("#model option:checked").inner_text()


def test_filters_and_map_fit_a_phone(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor(**PHONE)
    sample = server.shelf.samples[1]
    person.open_sample(sample.title)
    person.page.touchscreen.tap(*person.point(*lesion_on(demo, sample).centre))
    person.regions().first.wait_for()
    person.page.locator("#chips button").first.tap()
    person.answer()
    person.pane("hits")
    person.page.locator(".hits button").nth(3).wait_for()
    person.page.locator("#gallery").scroll_into_view_if_needed()
    person.shot("18-phone-answer")
    person.page.locator(".hits button").first.tap()
    person.page.locator(".compare table").scroll_into_view_if_needed()
    person.shot("21-phone-comparison")
    assert person.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert person.page.locator(".compare td").last.bounding_box()["x"] < 390
    person.page.locator("[data-view=map]").tap()
    canvas = person.page.locator(".map canvas[data-query]")
    canvas.scroll_into_view_if_needed()
    person.shot("19-phone-map")
    frame, (x, y) = canvas.bounding_box(), query_on(canvas)
    x, y = frame["x"] + x, frame["y"] + y
    apart = [40 + 10 * step for step in range(5)]
    person.touch([(x - d / 2, y) for d in apart], [(x + d / 2, y) for d in apart])
    person.page.wait_for_function("() => document.querySelector('.map canvas').style.touchAction === 'none'")
    assert person.page.locator(".compare").count() == 1  # two fingers choose nothing
    assert person.page.evaluate("() => document.documentElement.scrollWidth") <= 390
