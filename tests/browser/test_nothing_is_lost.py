"""A page that is reloaded, left, opened twice or without network comes back as it was, and what was deleted too."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def person(visitor: Any, server: Any) -> Any:
    """Somebody with a region and an answer on the screen."""
    somebody = visitor()
    somebody.open_sample(server.shelf.samples[0].title)
    somebody.click_image(200, 256)
    somebody.regions().first.wait_for()
    somebody.ask("What does R1 look like?")
    somebody.page.locator(".hits button").first.wait_for()
    somebody.answer()
    return somebody


def is_as_it_was(page: Any) -> None:
    page.locator(".regions [data-region=R1].selected").wait_for()
    page.locator("#gallery .title", has_text="Lesions like R1").wait_for()
    page.locator("#chat", has_text="I looked at R1").wait_for()


def test_a_reload_a_second_tab_and_a_way_back_show_the_visit(person: Any, server: Any) -> None:
    page = person.page
    slices = int(page.locator(".slider").get_attribute("max")) + 1
    person.scroll_to(slices)
    page.locator(".typed .width").fill("777")
    page.locator(".typed .width").press("Enter")
    page.reload()
    is_as_it_was(page)
    page.locator(f".stage[data-shown='{slices}']").wait_for()
    assert page.locator(".typed .width").input_value() == "777"
    second = person.context.new_page()
    second.goto(server.address)
    is_as_it_was(second)
    second.goto("about:blank")
    second.go_back()
    is_as_it_was(second)
    person.shot("32-reloaded")


def test_a_gap_in_the_network_loses_nothing(person: Any, server: Any) -> None:
    visit = server.visits.opened(person.cookie())[0]
    person.page.locator(".loaded.complete").wait_for(state="attached")
    person.until(lambda: visit.is_shown)
    person.page.wait_for_timeout(500)  # until that reply is here too
    person.context.set_offline(True)
    slices = int(person.page.locator(".slider").get_attribute("max")) + 1
    person.scroll_to(slices)
    person.page.wait_for_timeout(1500)
    person.context.set_offline(False)
    person.until(lambda: visit.session.looked and visit.session.looked.slice_index == slices - 1)
    person.click_image(300, 240)
    person.page.locator(".regions [data-region=R2]").wait_for()
    assert server.visits.opened(person.cookie()) == [visit]
    person.page.locator("#chat", has_text="Show R1 of this answer").wait_for()
    person.complaints.clear()  # the browser itself complains of a lost network


def test_leaving_with_work_asks_first(person: Any, visitor: Any) -> None:
    asked: list[str] = []
    person.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    person.page.reload()
    is_as_it_was(person.page)
    assert asked == ["beforeunload"]
    newcomer = visitor()
    newcomer.page.on("dialog", lambda dialog: (asked.append("of a newcomer"), dialog.accept()))
    newcomer.page.reload()
    newcomer.page.locator(".samples button").first.wait_for()
    assert asked == ["beforeunload"]


def test_every_deletion_can_be_undone(person: Any) -> None:
    page = person.page
    page.locator(".regions [data-region=R1]").get_by_text("Delete").click()
    page.locator(".notice button", has_text="Undo").click()
    is_as_it_was(page)
    page.locator(".stage").focus()
    page.keyboard.press("Delete")
    page.locator(".regions [data-region=R1]").wait_for(state="detached")
    page.keyboard.press("Control+z")
    is_as_it_was(page)
    page.locator("#chat button[aria-label*='lear']").first.click()
    page.locator("#chat .user").first.wait_for(state="detached")
    page.locator("#chat a", has_text="Bring the last one back").click()
    is_as_it_was(page)


def test_a_second_study_keeps_the_first_on_a_shelf(person: Any, server: Any) -> None:
    page = person.page
    page.locator(".typed .width").fill("777")
    page.locator(".typed .width").press("Enter")
    page.locator(".hits button").nth(1).click()
    compared = page.locator(".compare h3").inner_text()
    page.locator("[data-do=cases]").click()
    person.open_sample(server.shelf.samples[1].title)
    page.locator("#chat", has_text=server.shelf.samples[1].title).wait_for()
    assert person.regions().count() == 0
    page.locator("[data-do=cases]").click()
    card = page.locator(".studies button", has_text=server.shelf.samples[0].title)
    assert "1 region" in card.inner_text()
    page.wait_for_function("() => [...document.querySelectorAll('.studies img')].every((one) => one.naturalWidth)")
    person.shot("33-shelf")
    card.click()
    is_as_it_was(page)
    assert page.locator(".typed .width").input_value() == "777"
    page.locator(".compare h3", has_text=compared).wait_for()
    page.wait_for_timeout(500)  # for what would scroll
    assert page.locator(".stage").bounding_box()["y"] >= 0
    page.reload()
    is_as_it_was(page)


def test_a_drop_anywhere_is_caught(person: Any, tmp_path: Path) -> None:
    person.page.locator("#chat").evaluate(
        """(target) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["dear colleague"], "letter.txt"));
          target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    person.page.locator("#chat", has_text="not a DICOM file").wait_for()
    is_as_it_was(person.page)
