"""Own cases on the page: kept from a region, found again, read, changed, brought back; and studies of an archive."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.browser.conftest import Person, running
from tests.tools.orthanc import Orthanc, running_orthanc
from tests.tools.pipelines.importers.bodies import CtSeries, Ellipsoid

MARK = "MARKED-4711"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed")
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as archive:
        series = CtSeries(tmp_path_factory.mktemp("ct"), Ellipsoid((3, -4, 0), (15, 10, 10)), slices=5, patient_id=MARK)
        for path in series.folder.iterdir():
            archive.store(path)
        yield archive


@pytest.fixture
def alone(demo: Any, chromium: Any, tmp_path: Path) -> Any:
    """People at a server with data of its own, whatever settings it has."""
    people: list[Person] = []
    stack: list[Any] = []

    def start(**settings: Any) -> Person:
        data = tmp_path / "data"
        shutil.copytree(demo.settings.data, data)
        server = running(demo.settings.model_copy(update={"data": data, "own_cases": "on", **settings}))
        stack.append(server)
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
        person = Person(server.__enter__(), context, context.new_page())
        people.append(person)
        return person.arrive()

    yield start
    for person in people:
        person.context.close()
    for server in stack:
        server.__exit__(None, None, None)
    assert [complaint for person in people for complaint in person.complaints] == []


def save(person: Person, lesion_type: str, note: str) -> None:
    page = person.page
    page.locator(".regions").get_by_role("button", name="Save R1 among your own cases").click()
    page.get_by_label("Lesion type, known or new").fill(lesion_type)
    page.get_by_label("Teaching note").fill(note)
    page.locator("dialog").get_by_role("button", name="Save").click()


def test_a_case_is_kept_found_changed_narrowed_down_and_brought_back(alone: Any, demo: Any) -> None:
    person = alone()
    page = person.page
    case = demo.case("liver")
    person.upload(*sorted(p for p in case.folder.rglob("*") if p.is_file()))
    person.wait_for_picture()
    person.scroll_to(case.slice)
    person.click_image(*case.centre)
    save(person, "adrenal adenoma", "Washout above 60 %.")
    own = page.locator(".own")
    own.locator("summary", has_text="Your own cases: 1").click()
    item = own.locator("li")
    picture = item.locator("img")
    person.until(lambda: picture.evaluate("img => img.complete && img.naturalWidth") == 64)
    assert "adrenal adenoma" in item.inner_text()
    assert "Washout above 60 %." in item.inner_text()

    item.get_by_role("button", name="Change own-").click()
    dialog = page.locator("dialog")
    assert dialog.get_by_label("Teaching note").input_value() == "Washout above 60 %."
    dialog.get_by_label("Confirmed by").select_option("pathology")
    dialog.get_by_label("Difficulty").select_option("hard")
    dialog.get_by_label("Teaching note").fill("Seen by Dr Doe on 3.4.2021.")
    dialog.get_by_role("button", name="Save").click()
    page.locator(".notice.problem").wait_for()
    assert "Washout" in item.inner_text()  # a note that names somebody is refused, and nothing is lost
    item.get_by_role("button", name="Change own-").click()
    dialog.get_by_label("Confirmed by").select_option("pathology")
    dialog.get_by_label("Difficulty").select_option("hard")
    dialog.get_by_label("Teaching note").fill("Fat on the unenhanced scan.")
    dialog.get_by_role("button", name="Save").click()
    item.get_by_text("Fat on the unenhanced scan.").wait_for()
    assert "pathology, hard" in item.inner_text()

    words = own.get_by_label("Show the cases with these words")
    words.fill("unenhanced ADENOMA")
    assert item.is_visible()
    words.fill("kidney")
    assert item.is_hidden()
    assert own.locator(".none").is_visible()
    words.fill("")

    page.locator("#ask textarea").fill("What does this look like?")
    page.keyboard.press("Enter")
    page.locator(".filters select[name=scope]").select_option("all")
    page.locator(".hits li", has_text="own cases").wait_for()
    assert "own case" in page.locator(".hits li").first.inner_text()

    item.get_by_role("button", name="Delete own-").click()
    page.locator(".notice", has_text="is deleted from your own cases").wait_for()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    own.locator("summary", has_text="Your own cases: 1").wait_for()
    own.get_by_role("button", name="Undo").click()  # the change before
    item.get_by_text("Washout above 60 %.").wait_for()


def test_own_cases_come_first_where_that_is_wished(alone: Any, demo: Any) -> None:
    person = alone()
    page = person.page
    case, other = demo.case("liver"), demo.case("lung")
    for each, lesion_type in ((other, "cyst"), (case, "abscess")):
        page.get_by_role("button", name="Cases", exact=True).click() if each is case else None
        person.upload(*sorted(p for p in each.folder.rglob("*") if p.is_file()))
        person.until(
            lambda each=each: len(person.server.visits.opened(person_cookie(person))) == (2 if each is case else 1)
        )
        person.wait_for_picture()
        person.scroll_to(each.slice)
        person.click_image(*each.centre)
        save(person, lesion_type, "")
        page.locator(".own summary", has_text=f"Your own cases: {2 if each is case else 1}").wait_for()
    page.locator("#ask textarea").fill("Find 50 similar lesions of all patients")
    page.keyboard.press("Enter")
    page.locator(".hits li", has_text="cyst").wait_for()
    assert "cyst" not in page.locator(".hits li").nth(1).inner_text()  # far from a liver lesion
    page.get_by_label("Own cases first").check()
    assert "cyst" in page.locator(".hits li").nth(1).inner_text()


def person_cookie(person: Person) -> str:
    [cookie] = [c for c in person.context.cookies() if c["name"] == "lesion_search_visitor"]
    return str(cookie["value"])


def test_a_study_of_the_archive_opens_as_an_upload_and_its_report_goes_back(alone: Any, orthanc: Orthanc) -> None:
    address = orthanc.dicom_web.replace("http://", "http://reader:secret@")
    person = alone(dicomweb=SecretStr(address), dicomweb_store=True)
    page = person.page
    form = page.get_by_role("form", name="Open from the archive")
    form.get_by_label("The number").fill("MARKED*")
    form.get_by_role("button", name="Find studies").click()
    form.get_by_text("Give the whole number").wait_for()
    form.get_by_label("The number").fill("nobody")
    form.get_by_role("button", name="Find studies").click()
    form.get_by_text("no study under that number").wait_for()
    person.complaints.clear()  # the browser tells of the two refusals
    form.get_by_label("Which number").select_option("accession")
    form.get_by_label("The number").fill("ACC99")
    form.get_by_role("button", name="Find studies").click()
    found = form.locator("li button")
    found.wait_for()
    assert "months ago" in found.inner_text() or "years ago" in found.inner_text()
    assert "CT: 5 objects" in found.inner_text()
    found.click()
    person.wait_for_picture()
    assert page.locator(".position").inner_text().endswith("5")
    sent = page.content()
    assert MARK not in sent.replace(f'value="{MARK}"', "")
    assert "Mustermann" not in sent

    person.scroll_to(3)
    person.click_image(67, 58)
    page.locator(".regions li").wait_for()
    page.locator("#ask textarea").fill("Write a DICOM report")
    page.keyboard.press("Enter")
    before = len(json.loads(orthanc.ask("/instances")))
    page.get_by_role("link", name="Store it in the archive").click()
    page.locator(".notice", has_text="is stored in the archive").wait_for()
    assert len(json.loads(orthanc.ask("/instances"))) == before + 1
