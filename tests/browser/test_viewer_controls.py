"""Every way to handle the picture: mouse, wheel, keys, lists, and a phone."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def person(visitor: Any, server: Any) -> Any:
    someone = visitor()
    someone.open_sample(server.shelf.samples[0].title)
    return someone


WINDOWS = ("W 400 L 40", "W 1500 L -600", "W 150 L 90", "W 2500 L 480", "W 80 L 40", "W 400 L 40")
WINDOW_TEXT = "document.querySelector('.corner.bottom-left').textContent.replace(/\\s+/g, ' ')"


def test_window_presets_and_dragging(person: Any) -> None:
    person.page.locator(".stage").focus()
    for key, shown in zip("123456", WINDOWS, strict=True):
        person.page.keyboard.press(key)
        person.page.wait_for_function(f"text => {WINDOW_TEXT} === text", arg=shown)
    person.page.locator(".preset").select_option(label="Lung  (2)")
    person.page.wait_for_function(f"text => {WINDOW_TEXT} === text", arg=WINDOWS[1])
    person.shot("8-lung-window")
    person.drag((100, 250), (200, 200))
    person.page.wait_for_function(f"text => {WINDOW_TEXT} !== text", arg=WINDOWS[1])
    assert person.page.locator(".preset").input_value() == "6"  # custom
    assert person.regions().count() == 0  # a drag is not a click


def test_slices_by_wheel_keys_slider_and_cine(person: Any) -> None:
    person.scroll_to(1)
    person.page.mouse.move(*person.point(256, 256))
    person.page.mouse.wheel(0, 100)
    person.page.locator(".stage[data-shown='2'], .stage[data-shown='3']").wait_for()
    person.page.locator(".stage").focus()
    person.page.keyboard.press("End")
    person.page.locator(".stage[data-shown='6']").wait_for()
    person.page.keyboard.press("ArrowUp")
    person.page.locator(".stage[data-shown='5']").wait_for()
    assert person.page.locator(".position").inner_text() == "5 / 6"
    person.page.keyboard.press(" ")
    person.page.locator(".stage:not([data-shown='5'])").wait_for()
    person.page.keyboard.press(" ")


def test_zoom_pan_ruler_and_density_under_the_cursor(person: Any) -> None:
    stage = person.page.locator(".stage")
    stage.focus()
    fitted = stage.get_attribute("data-corner")
    person.page.keyboard.press("+")
    person.page.wait_for_function("was => document.querySelector('.stage').dataset.corner !== was", arg=fitted)
    person.page.keyboard.press("p")
    person.drag((200, 200), (240, 240))
    person.page.keyboard.press("f")
    person.page.wait_for_function("was => document.querySelector('.stage').dataset.corner === was", arg=fitted)
    person.page.keyboard.press("m")
    person.drag((200, 256), (300, 256))
    person.page.locator(".notice", has_text="Distance").wait_for()
    length = float(person.page.locator(".notice").inner_text().split()[1])
    spacing = person.server.visits.opened(person.cookie())[0].session.series.spacing_mm[2]
    assert length == pytest.approx(100 * spacing, rel=0.02)
    person.page.mouse.move(*person.point(256, 256))
    person.page.wait_for_function("() => document.querySelector('.corner.top-right').textContent.includes('HU')")
    person.shot("9-ruler")


def test_boxes_names_and_deleting(person: Any) -> None:
    person.page.locator("[data-tool=box]").click()
    person.drag((150, 150), (190, 200))
    person.regions().first.wait_for()
    person.page.locator(".stage").focus()
    person.page.keyboard.down("Shift")
    person.drag((300, 200), (350, 260))
    person.page.keyboard.up("Shift")
    person.regions().nth(1).wait_for()
    person.regions().first.get_by_text("Rename").click()
    person.page.locator(".regions input").fill("the <b>first</b> one")
    person.page.keyboard.press("Enter")
    person.page.locator(".regions li", has_text="the <b>first</b> one").wait_for()
    person.shot("10-two-regions")
    person.page.locator(".stage").focus()
    person.page.keyboard.press("Delete")
    person.page.wait_for_function("() => document.querySelectorAll('.regions li').length === 1")


def test_a_region_is_resized_by_its_corner(person: Any) -> None:
    person.page.locator("[data-tool=box]").click()
    person.drag((150, 150), (200, 200))
    person.regions().first.wait_for()
    person.page.wait_for_timeout(100)
    visit = next(v for v in person.server.visits._visits if v.visitor == person.cookie())
    before = visit.session.region("R1").box
    person.drag((200, 200), (230, 240))
    person.until(lambda: visit.session.region("R1").box != before)
    assert visit.session.region("R1").box.x1 == pytest.approx(230, abs=3)


def test_keyboard_alone_makes_a_region(person: Any) -> None:
    person.page.locator(".stage").focus()
    for _ in range(4):
        person.page.keyboard.press("Shift+ArrowRight")
    assert "HU at column" in person.page.locator(".notice").inner_text()
    person.page.keyboard.press("Enter")
    person.regions().first.wait_for()


def test_help_and_light_theme(person: Any) -> None:
    person.page.locator(".stage").focus()
    person.page.keyboard.press("?")
    person.page.locator(".help").wait_for()
    person.shot("11-help")
    person.page.keyboard.press("Escape")
    person.page.locator("#theme-button").click()
    person.page.locator("body:not(.dark)").wait_for()
    person.shot("12-light")


def test_on_a_phone(visitor: Any, server: Any) -> None:
    person = visitor(**PHONE)
    person.shot("13-phone-welcome")
    person.open_sample(server.shelf.samples[0].title)
    person.page.touchscreen.tap(*person.point(256, 300))
    person.regions().first.wait_for()
    width = person.page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390
    person.shot("14-phone-region")


def test_a_region_is_moved_by_its_inside(person: Any) -> None:
    person.page.locator("[data-tool=box]").click()
    person.drag((150, 150), (200, 200))
    person.regions().first.wait_for()
    person.page.wait_for_timeout(100)
    visit = next(v for v in person.server.visits._visits if v.visitor == person.cookie())
    before = visit.session.region("R1")
    centre = (before.box.x0 + before.box.x1) / 2, (before.box.y0 + before.box.y1) / 2
    person.drag(centre, (centre[0] + 60, centre[1] + 30))
    person.until(lambda: visit.session.region("R1").box != before.box)
    after = visit.session.region("R1")
    assert after.region_id == before.region_id
    assert after.box.x0 - before.box.x0 == pytest.approx(60, abs=4)
    assert after.box.y0 - before.box.y0 == pytest.approx(30, abs=4)


def test_two_fingers_zoom_and_move_the_picture(visitor: Any, server: Any) -> None:
    person = visitor(**PHONE)
    person.open_sample(server.shelf.samples[0].title)
    x, y = person.point(256, 256)
    scale, left, top = person.geometry()
    apart = [60 + 12 * step for step in range(6)]  # the fingers' distance doubles
    person.touch([(x - d / 2, y) for d in apart], [(x + d / 2, y) for d in apart])
    person.page.wait_for_function(
        "was => { const s = document.querySelector('.stage').dataset; const [a, b] = [s.origin, s.corner].map(v => "
        "Number(v.split(' ')[0])); return (b - a) / Number(s.size.split(' ')[0]) > 1.8 * was; }",
        arg=scale,
    )
    zoomed, left, top = person.geometry()
    assert zoomed / scale == pytest.approx(2, rel=0.05)
    assert person.point(256, 256) == pytest.approx((x, y), abs=4)  # what lay between the fingers stays there
    person.touch([(x - 40 + 6 * n, y + 4 * n) for n in range(6)], [(x + 40 + 6 * n, y + 4 * n) for n in range(6)])
    person.page.wait_for_function(
        "was => Math.abs(Number(document.querySelector('.stage').dataset.origin.split(' ')[0]) - was) > 20", arg=left
    )
    again, moved_left, moved_top = person.geometry()
    assert again == pytest.approx(zoomed, rel=0.02)
    assert (moved_left - left, moved_top - top) == pytest.approx((30, 20), abs=4)
    assert person.regions().count() == 0  # no finger was a click


def test_a_chosen_region_is_moved_and_resized_with_the_keys(person: Any) -> None:
    person.page.locator("[data-tool=box]").click()
    person.drag((150, 150), (200, 200))
    person.regions().first.wait_for()
    visit = next(v for v in person.server.visits._visits if v.visitor == person.cookie())
    before, revision = visit.session.region("R1").box, visit.session.revision
    person.page.locator(".stage").focus()
    person.page.evaluate(  # in one go: on a busy machine keys pressed one by one come with rests between them
        """() => {
          const press = (key, shiftKey) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key, ctrlKey: true, shiftKey, bubbles: true, cancelable: true }));
          for (let i = 0; i < 20; i++) press("ArrowRight", false);
          for (let i = 0; i < 10; i++) press("ArrowDown", true);
        }"""
    )
    person.until(lambda: visit.session.region("R1").box != before)
    after = visit.session.region("R1").box
    assert visit.session.revision == revision + 1  # measured once, when the keys rest
    assert after.x0 - before.x0 == pytest.approx(20, abs=4)
    assert (after.y1 - after.y0) - (before.y1 - before.y0) == pytest.approx(10, abs=4)


def test_focus_stays_in_the_list_of_regions(person: Any) -> None:
    for start in ((150, 150), (300, 200)):
        person.page.locator("[data-tool=box]").click()
        person.drag(start, (start[0] + 40, start[1] + 40))
    person.regions().nth(1).wait_for()
    person.page.get_by_label("Delete R1").press("Enter")
    person.page.wait_for_function("() => document.querySelectorAll('.regions li').length === 1")
    assert person.page.evaluate("() => document.activeElement.closest('li').dataset.region") == "R2"


def annotations(person: Any) -> list[str]:
    """What each length and angle in the list says."""
    return [row.inner_text().replace("\n", " ") for row in person.page.locator(".annotations li").all()]


def test_lengths_angles_and_outlines_are_drawn_listed_named_and_copied(person: Any) -> None:
    page = person.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for start, end in (((150, 200), (250, 260)), ((300, 200), (350, 200))):
        page.get_by_label("Ruler", exact=True).click()
        person.drag(start, end)
    page.get_by_label("Angle", exact=True).click()
    person.drag((200, 350), (260, 300))
    person.click_image(320, 340)
    page.locator(".annotations li").nth(2).wait_for()
    assert [text.split()[0] for text in annotations(person)] == ["M1", "M2", "M3"]
    assert "°" in annotations(person)[2]
    page.locator("[data-tool=ellipse]").click()
    person.drag((150, 250), (200, 290))
    person.regions().first.wait_for()
    page.locator("[data-tool=freehand]").click()
    corners = [person.point(*spot) for spot in ((320, 300), (380, 300), (380, 350), (320, 350))]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    person.regions().nth(1).wait_for()
    assert "drawn" in person.regions().nth(1).inner_text()
    page.get_by_label("Rename M1").click()
    page.get_by_label("Name of M1").fill("rib to rib")
    page.keyboard.press("Enter")
    page.locator(".annotations li", has_text="M1 rib to rib").wait_for()
    person.shot("34-drawn")
    page.get_by_label("Copy the list").click()
    page.locator(".notice", has_text="copied").wait_for()
    copied = page.evaluate("() => navigator.clipboard.readText()").splitlines()
    assert [line.split(":")[0] for line in copied[1:]] == ["R1", "R2", "M1 (rib to rib)", "M2", "M3"]
    page.get_by_label("Delete M2").click()
    page.wait_for_function("() => document.querySelectorAll('.annotations li').length === 2")


def test_everything_can_be_drawn_with_the_keys_alone(person: Any) -> None:
    page = person.page
    page.locator(".stage").focus()

    def points(tool: str, *moves: str) -> None:
        page.keyboard.press(tool)
        for move in moves:
            for _ in range(6):
                page.keyboard.press(f"Shift+Arrow{move}")
            page.keyboard.press("Enter")

    points("m", "Left", "Down")
    points("a", "Left", "Down", "Right")
    page.locator(".annotations li").nth(1).wait_for()
    points("o", "Left", "Down")  # two corners on one line enclose nothing
    page.locator(".notice", has_text="encloses nothing").wait_for()
    points("d", "Left", "Up", "Right")
    page.keyboard.press("Enter")
    person.regions().first.wait_for()
    assert "drawn" in person.regions().first.inner_text()
    assert page.locator(".stage").get_attribute("data-tool") == "point"


def test_the_picture_is_inverted_mirrored_and_enlarged(person: Any) -> None:
    page = person.page
    sides = lambda: [page.locator(f".side.{side}").inner_text() for side in ("left", "right", "top", "bottom")]  # noqa: E731
    assert sides() == ["R", "L", "A", "P"]
    left = person.point(0, 0)[0]
    page.locator(".stage").focus()
    for key in "ihv":
        page.keyboard.press(key)
    page.locator(".bottom-left", has_text="inverted").wait_for()
    page.locator(".bottom-left", has_text="mirrored").wait_for()
    assert sides() == ["L", "R", "P", "A"]
    assert person.point(512, 0)[0] == pytest.approx(left, abs=1)
    page.get_by_label("Ruler", exact=True).click()
    person.drag((200, 256), (300, 256))
    spacing = person.server.visits._visits[-1].session.series.spacing_mm[2]
    page.locator(".annotations li").first.wait_for()
    assert float(annotations(person)[0].split(" mm")[0].split()[-1]) == pytest.approx(100 * spacing, rel=0.02)
    person.shot("35-inverted-mirrored")
    for name in ("Invert", "Mirror left to right", "Turn upside down"):
        page.get_by_label(name, exact=True).click()
    page.wait_for_function("() => !document.querySelector('.bottom-left').textContent.includes('ed')")
    page.locator("[data-tool=point]").click()
    page.mouse.dblclick(*person.point(256, 300))
    page.locator(".viewer.enlarged").wait_for()
    page.wait_for_function("() => document.querySelector('.stage').clientWidth > 900")
    page.wait_for_function("() => !document.querySelectorAll('.regions li').length")  # no click was meant
    person.shot("36-enlarged")
    page.locator(".stage").focus()
    page.keyboard.press("Escape")
    page.locator(".viewer:not(.enlarged)").wait_for()


def test_the_viewer_obeys_words(person: Any) -> None:
    page = person.page
    person.ask("lung window please")
    page.wait_for_function(f"text => {WINDOW_TEXT} === text", arg="W 1500 L -600")
    page.locator("#chat", has_text="The display window is Lung").wait_for()
    person.ask("go to slice 2")
    page.locator(".stage[data-shown='2']").wait_for()
    person.ask("two slices on")
    page.locator(".stage[data-shown='4']").wait_for()
    person.ask("window 400 level 40")
    page.wait_for_function(f"text => {WINDOW_TEXT} === text", arg="W 400 L 40")
    assert person.regions().count() == 0
