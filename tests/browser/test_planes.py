"""More than one picture: other planes with a linked cross-hair, another study beside, and the view saved as a PNG."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import OUTPUT, PHONE
from tests.browser.volumes import CENTRE, SLICES, write_volume

pytestmark = pytest.mark.browser


@pytest.fixture
def person(visitor: Any, tmp_path: Path) -> Any:
    """Somebody with a volume of 24 slices open, at 1280 x 720."""
    somebody = visitor()
    somebody.upload(*write_volume(tmp_path / "volume"))
    somebody.wait_for_picture()
    somebody.page.locator(".position", has_text=f"/ {SLICES}").wait_for()
    return somebody


def pane_point(page: Any, pane: int, across: float, down: float) -> tuple[float, float]:
    """A place on a pane, in parts of its width and height."""
    frame = page.locator(".pane").nth(pane).bounding_box()
    return frame["x"] + across * frame["width"], frame["y"] + down * frame["height"]


def test_other_planes_share_one_cross_hair_with_the_picture(person: Any) -> None:
    page = person.page
    page.locator(".stage").press("x")
    page.locator(".pane").nth(1).wait_for()
    coronal = page.locator(".pane").first
    page.locator(".pane[aria-label^='Coronal, slice 81 /']").wait_for()
    page.locator(".pane[data-slice='81']").first.wait_for()
    person.shot("40-planes")
    page.mouse.click(*pane_point(page, 0, 0.5, 0.5))
    page.locator(".position", has_text=f"{SLICES // 2 + 1} / ").wait_for()
    page.mouse.click(*pane_point(page, 1, 0.5, 0.45))  # in the sagittal view, a little higher
    before = int(page.locator(".position").inner_text().split()[0])
    assert before > SLICES // 2
    coronal.focus()
    page.keyboard.press("ArrowDown")
    page.locator(".pane[aria-label^='Sagittal']").wait_for()
    person.click_image(CENTRE[2] + 0.5, CENTRE[1] + 0.5)  # outlines, and the other planes go there
    person.regions().first.wait_for(state="attached")
    page.locator(f".pane[aria-label^='Coronal, slice {CENTRE[1] + 1} /']").wait_for()
    page.get_by_label("Close Coronal").click()
    page.get_by_label("Close Sagittal").click()
    page.locator(".regions").wait_for()
    assert page.locator(".pane").count() == 0


def test_planes_volume_name_and_picture_by_words(person: Any) -> None:
    page = person.page
    person.scroll_to(CENTRE[0] + 1)
    person.click_image(CENTRE[2] + 0.5, CENTRE[1] + 0.5)
    person.regions().first.wait_for()
    person.ask("volume of R1")
    page.locator("#chat .bot", has_text="look through the slices before you rely on it").wait_for()
    page.locator(".regions li", has_text="ml (").wait_for()
    person.scroll_to(CENTRE[0] + 3)
    person.shot("41-volume")
    person.ask("rename R1 to left adrenal")
    page.locator(".regions li", has_text="left adrenal").wait_for()
    person.ask("HU at row 70, column 60")
    page.locator("#chat .bot", has_text=f"At column 60, row 70 of slice {CENTRE[0] + 3} the density is").wait_for()
    person.ask("show coronal")
    page.locator(".pane[aria-label^='Coronal']").wait_for()
    with page.expect_download() as saved:
        person.ask("save a PNG")
    picture = Image.open(io.BytesIO(Path(saved.value.path()).read_bytes()))
    assert saved.value.suggested_filename == f"ct-slice-{CENTRE[0] + 3}.png"
    assert picture.info == {}
    saved.value.save_as(OUTPUT / "44-saved.png")
    assert min(picture.size) > 400
    person.answer()


def test_another_study_stands_beside_and_follows_by_position(person: Any, tmp_path: Path) -> None:
    page = person.page
    person.upload(*write_volume(tmp_path / "another", first_mm=500.0, slices=20))
    page.locator(".position", has_text="/ 20").wait_for()
    person.wait_for_picture()
    person.ask("compare the two studies side by side")
    page.locator("#chat .bot", has_text="The other study, Your CT (24 slices").wait_for()
    pane = page.locator(".pane")
    pane.wait_for()
    person.scroll_to(3)
    page.locator(".pane[data-slice='5']").wait_for()  # 24 slices, their middles side by side
    person.scroll_to(9)
    page.locator(".pane[data-slice='11']").wait_for()
    pane.focus()
    page.keyboard.press("ArrowDown")
    page.locator(".pane[data-slice='12']").wait_for()
    person.scroll_to(10)
    page.locator(".pane[data-slice='13']").wait_for()
    person.shot("42-beside")
    page.reload()  # neither what stands beside is lost, nor how far it was shifted
    page.locator(".pane[data-slice='13']").wait_for()
    person.ask("show coronal and sagittal")
    page.locator(".pane[aria-label^='Sagittal']").wait_for()
    page.reload()
    page.locator(".pane[aria-label^='Sagittal']").wait_for()
    assert page.locator(".pane").count() == 2


def test_on_a_phone_the_other_planes_lie_below_the_picture(visitor: Any, tmp_path: Path) -> None:
    person = visitor(**PHONE)
    page = person.page
    person.upload(*write_volume(tmp_path / "volume"))
    person.wait_for_picture()
    page.get_by_label("Beside the picture").select_option("plane:coronal+plane:sagittal")
    page.locator(".pane[data-slice='81']").nth(1).wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    person.shot("43-phone-planes")
    person.pane("chat")
    page.reload()
    page.locator("#tabs [data-pane=chat][aria-pressed=true]").wait_for()
    person.pane("picture")
    page.locator(".pane[data-slice='81']").nth(1).wait_for()
