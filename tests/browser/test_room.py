"""Room to look: the picture keeps its share, panes are dragged, and on a phone there is one pane at a time."""

from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid

from tests.browser.conftest import PHONE
from tests.browser.test_journeys import lesion_on

pytestmark = pytest.mark.browser

SHARE = """() => {
  const [stage, column] = [".stage", "#left"].map((part) => document.querySelector(part));
  return [stage.clientWidth / column.clientWidth, stage.clientHeight / column.clientHeight];
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll(
    ":is(#page-head, #page, #tabs) :is(button, select, summary, input)")]
  .filter((each) => each.offsetParent && each.type !== "file")
  .filter((each) => (each.closest("label, #model") || each).getBoundingClientRect().height < 43.5)
  .map((each) => each.getAttribute("aria-label") || each.textContent || each.className)"""


@pytest.fixture
def person(visitor: Any, server: Any, demo: Any) -> Any:
    """Somebody with an answer and suggestions on the screen, at 1280 x 720."""
    somebody = visitor()
    sample = server.shelf.samples[1]
    somebody.open_sample(sample.title)
    somebody.click_image(*lesion_on(demo, sample).centre)
    somebody.regions().first.wait_for()
    somebody.ask("suggest places")
    somebody.page.locator(".regions li.suggested").nth(3).wait_for()
    somebody.answer()
    somebody.ask("What does R1 look like?")
    somebody.page.locator(".hits button").nth(3).wait_for()
    somebody.answer()
    return somebody


def test_the_picture_keeps_three_fifths_of_its_column(person: Any) -> None:
    page = person.page
    assert min(page.evaluate(SHARE)) >= 0.6
    strip = page.locator(".hits")
    assert strip.bounding_box()["y"] + strip.bounding_box()["height"] <= 720  # seen beside the picture, unscrolled
    page.locator(".stage-edge").focus()
    for _ in range(12):
        page.keyboard.press("ArrowUp")
    page.locator(".lists-edge").focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    assert min(page.evaluate(SHARE)) >= 0.599
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1280
    person.shot("30-room")


def test_panes_are_dragged_and_put_back(person: Any) -> None:
    page = person.page
    for edge, pane, side, (dx, dy) in (
        (".lists-edge", ".lists", "width", (-40, 0)),
        ("#column-edge .edge", "#right", "width", (-60, 0)),
        (".stage-edge", ".stage", "height", (0, 50)),
    ):
        before = page.locator(pane).bounding_box()[side]
        frame = page.locator(edge).bounding_box()
        x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx, y + dy, steps=3)
        page.mouse.up()
        grown = page.locator(pane).bounding_box()[side] - before
        assert grown == pytest.approx(abs(dx + dy), abs=2), edge
        assert int(page.locator(edge).get_attribute("aria-valuenow")) > 0
        page.locator(edge).press("Home")
        assert page.locator(pane).bounding_box()[side] == pytest.approx(before, abs=1), edge


def test_the_list_scrolls_to_the_chosen_region_and_its_whole_row_is_a_button(person: Any) -> None:
    page = person.page
    last = page.locator(".regions li").last
    name = last.get_attribute("data-region")
    while page.locator(".regions li.selected").get_attribute("data-region") != name:
        chosen = page.locator(".regions li.selected").get_attribute("data-region")
        page.locator(".stage").press("n")
        page.locator(f".regions li:not([data-region={chosen}]).selected").wait_for()
    pane, row = page.locator(".lists").bounding_box(), last.bounding_box()
    assert row["y"] >= pane["y"] - 1
    assert row["y"] + row["height"] <= pane["y"] + pane["height"] + 1
    page.locator(".regions li").nth(1).click(position={"x": 120, "y": 50})  # beside every button
    page.locator(".regions li.selected[data-region=R2]").wait_for()


def test_the_window_is_typed(person: Any) -> None:
    page = person.page
    page.get_by_label("Window width in HU").fill("350")
    page.keyboard.press("Enter")
    page.get_by_label("Window level in HU").fill("-40")
    page.keyboard.press("Enter")
    page.locator(".bottom-left", has_text="W 350  L -40").wait_for()
    page.get_by_label("Window width in HU").fill("0")
    page.keyboard.press("Enter")
    page.locator(".bottom-left", has_text="W 1  L -40").wait_for()


def test_a_phone_has_one_pane_at_a_time_and_large_targets(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor(**PHONE)
    page, sample = person.page, server.shelf.samples[1]
    person.open_sample(sample.title)
    page.touchscreen.tap(*person.point(*lesion_on(demo, sample).centre))
    person.regions().first.wait_for()
    assert page.evaluate(SMALL_TARGETS) == []
    assert not page.locator("#chat").is_visible()
    person.shot("31-phone-picture")
    page.locator("#chips button").first.tap()
    page.locator("#chat .bot").last.wait_for()
    person.answer()
    assert not page.locator(".stage").is_visible()
    assert page.evaluate(SMALL_TARGETS) == []
    page.locator("#tabs .count", has_text="10").wait_for()
    person.shot("32-phone-chat")
    page.locator("#chat a[href*='#show-']").first.tap()
    page.locator(".compare").wait_for()
    assert page.evaluate(SMALL_TARGETS) == []
    person.shot("33-phone-hits")
    person.pane("picture")
    page.locator(".stage").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_series_are_chosen_by_their_pictures(visitor: Any, demo: Any, tmp_path: Path) -> None:
    files = []
    for number, uid in enumerate((generate_uid(), generate_uid())):
        for file in sorted(demo.case("liver").folder.glob("*.dcm"))[number:]:
            slice_ = pydicom.dcmread(file)
            slice_.SeriesInstanceUID = uid
            slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            files.append(tmp_path / f"{number}-{file.name}")
            slice_.save_as(files[-1], enforce_file_format=True)
    person = visitor()
    person.upload(*files)
    person.wait_for_picture()
    page = person.page
    thumbnails = page.locator(".thumbnails button")
    thumbnails.nth(1).wait_for()
    page.wait_for_function("() => [...document.querySelectorAll('.thumbnails img')].every((each) => each.naturalWidth)")
    assert thumbnails.nth(0).get_attribute("aria-current") == "true"
    count = page.locator(".position").inner_text().split(" / ")[1]
    thumbnails.nth(1).press("Enter")
    page.locator(".thumbnails li:nth-child(2) [aria-current]").wait_for()
    assert page.locator(".position").inner_text().split(" / ")[1] != count
    assert page.locator(".series").input_value() == "1"
    person.shot("37-series")
