"""What the tutorials tell a reader to do, done in a real browser. Their pictures and the film are taken here."""

from typing import Any

import pytest

from tests.browser.film import FILMING, PICTURES, Film, picture

pytestmark = pytest.mark.browser


def lesion_of(sample: Any, demo: Any, lesion_type: str) -> Any:
    """The largest lesion of a type on the slice that a teaching case opens on."""
    there = [c for c in demo.cases if (c.folder, c.slice - 1) == (sample.folder, sample.slice_index)]
    return max((c for c in there if c.lesion_type == lesion_type), key=lambda case: case.long_axis_mm)


def test_a_clinician_asks_checks_and_narrows(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor()
    page, sample, film = person.page, server.shelf.samples[1], Film(person)
    page.wait_for_function("() => [...document.querySelectorAll('.samples img')].every(i => i.naturalWidth)")
    assert "liver" not in page.locator(".samples").inner_text().lower()  # titles do not give the answer away
    picture(person, "clinician-1-welcome")
    person.open_sample(sample.title)
    person.click_image(*lesion_of(sample, demo, "liver").centre)
    person.regions().first.wait_for()
    assert "mm" in person.regions().first.inner_text()
    assert "HU" in person.regions().first.inner_text()
    picture(person, "clinician-2-region")

    film.ask("What does this look like?", r"\(E1\)[\s\S]*[Aa]gainst it")
    picture(person, "clinician-3-answer")
    picture(person, "answer")
    page.locator("#chat a[href*='#show-']").first.click()
    page.locator(".compare img").nth(1).wait_for()
    assert "same scale" in page.locator(".compare").inner_text()
    page.wait_for_timeout(500)  # it scrolls into view
    picture(person, "clinician-4-comparison")

    film.ask("Only women over 60", "women, aged 61")
    page.wait_for_function("() => document.querySelector('[name=sex]').value === 'F'")
    assert page.locator("[name=min_age]").input_value() == "61"
    picture(person, "clinician-5-filtered")


def test_an_educator_looks_explains_and_saves(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor()
    page, sample, film = person.page, server.shelf.samples[0], Film(person)
    person.open_sample(sample.title)
    lesion = lesion_of(sample, demo, "lung")
    page.locator(".stage").focus()
    page.keyboard.press("2")
    page.keyboard.press("m")
    (x, y), reach = lesion.centre, lesion.long_axis_mm / 2
    person.drag((x - reach, y), (x + reach, y))
    page.locator(".notice", has_text="Distance").wait_for()
    picture(person, "educator-1-look")

    page.keyboard.press("w")
    person.click_image(x, y)
    person.regions().first.wait_for()
    film.ask("What does this look like?", "similarity")
    film.ask("Why?", "closest is")
    picture(person, "educator-2-answer")
    film.ask("Explain lung lesions", "Sources")
    picture(person, "educator-3-lesson")

    page.locator(".regions button", has_text="Save…").first.click()
    form = page.locator("dialog.own-case")
    form.locator("input").fill("lung nodule")
    form.locator("select").first.select_option("follow-up")
    form.locator("textarea").fill("Round, smooth, without calcium: what else could it be?")
    picture(person, "educator-4-save")
    form.locator("button[type=submit]").click()
    page.locator(".own summary", has_text="Your own cases: 1").wait_for()
    page.locator(".own summary").click()
    page.locator(".own").get_by_role("button", name="Delete").first.click()
    page.locator(".own summary", has_text="Your own cases: 1").wait_for(state="hidden")


def test_a_doubtful_outline_is_called_unsure(visitor: Any, demo: Any) -> None:
    case = next(case for case in demo.cases if case.lesion_id == "P0003-S2-L02")
    person = visitor()
    person.upload(*sorted(case.folder.iterdir()))
    person.wait_for_picture()
    person.scroll_to(case.slice)
    person.click_image(*case.centre)
    person.regions().first.wait_for()
    assert "unsure" in person.regions().first.inner_text()
    picture(person, "limits-unsure")


def test_a_whole_visit_is_filmed(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor()
    page, sample, film = person.page, server.shelf.samples[1], Film(person)
    page.wait_for_function("() => [...document.querySelectorAll('.samples img')].every(i => i.naturalWidth)")
    film.say("Lesion Search finds and explains similar CT lesions. For research and teaching, not a diagnosis.")
    film.say("Drop your DICOM files here, or take a synthetic teaching case.")
    film.click(page.locator(".samples button", has_text=sample.title))
    person.wait_for_picture()
    film.say("Names and dates of a file stop at the door. Click the lesion:")
    film.click(person.point(*lesion_of(sample, demo, "liver").centre))
    person.regions().first.wait_for()
    film.say("It is outlined and measured. If the outline does not fit, drag it or draw your own.")
    film.say("Ask in plain words.")
    film.ask("What does this look like?", "similarity")
    film.say("The answer names what the nearest lesions are, how sure that is, and what speaks against it.")
    film.say("Every sentence was checked in code: what the evidence does not carry is cut.")
    film.click(page.locator("#chat a[href*='#show-']").first)
    page.locator(".compare img").nth(1).wait_for()
    page.wait_for_timeout(500)  # it scrolls into view
    film.say("Each case it names is one click away, beside yours and at the same scale.")
    film.ask("Only women over 60", "women, aged 61")
    film.say("Narrow the search in words or with the controls: both stay in step.")
    film.ask("Explain liver lesions", "Sources")
    film.say("A short lesson, with its sources.")
    page.locator("[data-view=map]").click()
    page.locator(".map canvas[role=img][data-query]").scroll_into_view_if_needed()
    film.say("The map shows where the lesion lies among all of the atlas.")
    film.ask("Put the coronal view beside it", "oronal")
    page.locator(".panes canvas").first.scroll_into_view_if_needed()
    film.say("The viewer obeys words too: slices, windows, planes, another series.")
    film.ask("How large is its volume?", "cm³|mm³|mL|ml")
    film.say("A volume is followed over the slices, and says where it is unsure.")
    film.click(page.locator(".panes button").first)
    film.ask("Write a report", "report is ready")
    film.say("A report with pictures, measurements and hits. It names nobody.")
    film.click(page.locator(".regions button", has_text="Save…").first)
    page.locator("dialog.own-case input").fill("haemangioma")
    film.say("Two clicks keep it as a case of your own, which the next search finds.")
    film.click(page.locator("dialog.own-case button[type=submit]"))
    page.locator(".own summary", has_text="Your own cases: 1").wait_for()
    film.click(page.locator(".own summary"))
    film.say("There it can be edited, exported for a colleague, and deleted.")
    film.click(page.locator(".own").get_by_role("button", name="Delete").first)
    page.locator(".own summary", has_text="Your own cases: 1").wait_for(state="hidden")
    film.ask("Quiz me with 5 cases", "quiz|Quiz")
    page.locator(".quiz .choices.type").wait_for()
    person.wait_for_picture()
    film.say("A quiz hides the types until you have answered. A link gives a whole class the same cases.")
    film.say("Close the page, and what you opened is deleted half an hour later. Begin with: make run")
    if FILMING:
        film.write(PICTURES / "tour.webm")
        assert (PICTURES / "tour.webm").stat().st_size < 5_000_000
