"""What people come for, in a real browser: from a case or a file to an answer with hits."""

import zipfile
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from eval.performance.page import write_long_series

pytestmark = pytest.mark.browser


def lesion_on(demo: Any, sample: Any) -> Any:
    """The largest lesion on the slice a sample opens on."""
    on_slice = [c for c in demo.cases if c.folder == sample.folder and c.slice == sample.slice_index + 1]
    return max(on_slice, key=lambda case: case.long_axis_mm)


def test_a_newcomer_picks_a_case_clicks_the_lesion_and_asks(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor()
    person.shot("1-welcome")
    sample = server.shelf.samples[0]
    person.open_sample(sample.title)
    person.click_image(*lesion_on(demo, sample).centre)
    person.regions().first.wait_for()
    assert "mm" in person.regions().first.inner_text()
    person.shot("2-region")

    person.page.locator("#chips button").first.click()
    person.page.locator(".hits button").nth(5).wait_for()
    answer = person.answer()
    assert "Searched" in answer  # the tool step
    assert "resembles" in answer or "similar enough" in answer
    assert person.page.locator(".hits button").count() >= 6
    person.page.wait_for_function("() => [...document.querySelectorAll('.hits img')].every(i => i.naturalWidth)")
    person.shot("3-answer")

    person.page.locator("#chat a[href*='#show-']").first.click()
    person.page.locator(".compare img").nth(1).wait_for()
    assert "Long axis" in person.page.locator(".compare").inner_text()
    person.page.wait_for_timeout(500)  # it scrolls into view
    person.shot("4-comparison")


def test_an_uploaded_zip_is_read_asked_about_and_not_kept(visitor: Any, server: Any, demo: Any, tmp_path: Path) -> None:
    case = demo.case("liver")
    archive = tmp_path / "ct.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for file in sorted(case.folder.iterdir()):
            out.write(file, file.name)
    person = visitor()
    person.upload(archive)
    person.wait_for_picture()
    person.scroll_to(case.slice)
    person.click_image(*case.centre)
    person.regions().first.wait_for()
    person.ask("What does this look like?")
    person.page.locator(".hits button").nth(5).wait_for()
    person.answer()
    person.shot("5-upload")
    visit = next(v for v in server.visits._visits if v.visitor == person.cookie())
    left = [p for p in visit.session.folder.rglob("*") if p.is_file()]
    assert left == []


def test_a_file_that_is_no_image_gets_one_sentence_and_the_page_goes_on(
    visitor: Any, server: Any, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear colleague")
    person = visitor()
    person.upload(letter)
    person.page.locator("#chat", has_text="not a DICOM file").wait_for()
    assert "not a DICOM file" in person.page.locator(".notice").inner_text()
    assert person.page.locator(".toast-wrap .toast-body").count() == 0
    person.shot("6-refused")
    person.open_sample(server.shelf.samples[1].title)


def test_files_can_be_dropped_on_the_page(visitor: Any) -> None:
    person = visitor()
    person.page.locator(".welcome").evaluate(
        """(target) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["dear colleague"], "letter.txt"));
          target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    person.page.locator("#chat", has_text="not a DICOM file").wait_for()


def test_asking_again_clearing_and_a_report_to_download(visitor: Any, server: Any, demo: Any) -> None:
    person = visitor()
    sample = server.shelf.samples[1]
    person.open_sample(sample.title)
    person.click_image(*lesion_on(demo, sample).centre)
    person.regions().first.wait_for()
    person.ask("What does R1 look like?")
    person.page.locator(".hits button").first.wait_for()
    person.answer()
    person.ask("Write a report")
    link = person.page.locator("#chat a[href*='/files/']").first
    link.wait_for()
    reply = person.page.request.get(link.evaluate("link => link.href"))
    assert reply.status == 200
    assert "attachment" in reply.headers["content-disposition"]
    questions = person.page.locator("#chat .user").count()
    visit = next(v for v in server.visits._visits if v.visitor == person.cookie())
    before = visit.turns[-1]
    person.page.locator("#chat button[aria-label*='etry']").last.click()
    person.until(lambda: visit.turns[-1] is not before and visit.turns[-1].done)
    person.answer()
    assert person.page.locator("#chat .user").count() == questions
    person.page.locator("#chat button[aria-label*='lear']").first.click()
    person.page.locator("#chat .user").first.wait_for(state="detached")
    assert person.regions().count() == 1


def test_suggestions_are_dashed_until_accepted(visitor: Any, server: Any) -> None:
    person = visitor()
    person.open_sample(server.shelf.samples[0].title)
    how_often = person.page.locator(".how-often")
    assert not how_often.is_visible()
    person.page.locator("#chips button", has_text="Suggest").click()
    person.page.locator(".regions li.suggested").first.wait_for()
    assert how_often.is_visible()
    assert how_often.inner_text() in person.answer()
    assert "% of suggestions were marked lesions" in how_often.inner_text()
    person.shot("7-suggestions")
    before = person.page.locator(".regions li.suggested").count()
    first = person.regions().first
    first.get_by_text("Accept").click()
    person.page.wait_for_function(
        "n => document.querySelectorAll('.regions li.suggested').length === n", arg=before - 1
    )


def test_a_long_series_opens_in_the_middle_and_one_bad_slice_says_so(
    visitor: Any, server: Any, demo: Any, tmp_path: Path
) -> None:
    files = write_long_series(demo.case("liver").folder, tmp_path, 24)
    bad = pydicom.dcmread(files[13])
    bad.PixelData = encapsulate([bytes(64)])
    bad["PixelData"].VR = "OB"
    bad.file_meta.TransferSyntaxUID = JPEG2000Lossless
    bad.save_as(files[13], enforce_file_format=True)
    person = visitor()
    person.upload(*files)
    person.page.locator(".stage[data-shown='13']").wait_for()
    person.page.locator(".loaded.complete").wait_for(state="attached")
    person.page.locator(".slider").fill("13")
    person.page.locator(".broken", has_text="Slice 14 cannot be shown").wait_for()
    person.shot("23-bad-slice")
    person.page.locator(".stage").focus()
    person.page.keyboard.press("ArrowDown")
    person.page.locator(".stage[data-shown='15']").wait_for()
    assert person.page.locator(".broken").inner_text() == ""
    visit = next(v for v in server.visits._visits if v.visitor == person.cookie())
    person.page.wait_for_timeout(200)
    assert [p for p in visit.session.folder.rglob("*") if p.is_file()] == []


def test_a_lost_connection_is_said_in_words(visitor: Any, server: Any) -> None:
    person = visitor()
    person.open_sample(server.shelf.samples[1].title)
    person.context.set_offline(True)
    person.ask("Describe the study")
    person.page.locator("#trouble", has_text="The server does not answer").wait_for()
    assert not person.page.locator(".toast-wrap").is_visible()
    person.shot("24-no-server")
    person.complaints.clear()  # the browser itself complains of a lost network
    person.page.close()
