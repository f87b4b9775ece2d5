"""Script in what a stranger names, writes or types never runs, and no step of a journey breaks the page's policy."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from tests.browser.conftest import WAIT_MS, Person, running
from tests.browser.test_own_cases import save
from tests.browser.test_quiz import answer, next_case, wait_for_case
from tests.tools.intake.uploads import ball, scan, to_bytes
from tests.tools.orthanc import running_orthanc

pytestmark = pytest.mark.browser
SCRIPT = "<img src=x onerror=boom(1)>${boom(2)}{{boom(3)}}<script>boom(4)</script>[a](javascript:boom(5))"
WATCH = """
window.ran = []; window.refused = []; window.boom = (n) => ran.push(n);
addEventListener("securitypolicyviolation", (e) => refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


def hostile_series(folder: Path) -> list[Path]:
    """A CT series whose every free text is script, in files whose names are."""
    folder.mkdir()
    text = dict.fromkeys(
        ("SeriesDescription", "StudyDescription", "ProtocolName", "PatientName", "InstitutionName", "ImageComments"),
        SCRIPT[:64],
    )
    files = []
    for number, dataset in enumerate(scan(ball(slices=5), **text)):
        files.append(folder / f"<img src=x onerror=boom(6)>{number}.dcm")
        files[-1].write_bytes(to_bytes(dataset))
    (folder / "<svg onload=boom(7)>").write_text(SCRIPT)
    return [*files, folder / "<svg onload=boom(7)>"]


@pytest.fixture
def person(demo: Any, chromium: Any, tmp_path: Path) -> Iterator[Person]:
    """Somebody at a server with own cases and an archive, whose files are hostile."""
    files = hostile_series(tmp_path / "files")
    shutil.copytree(demo.settings.data, tmp_path / "data")
    with contextlib.ExitStack() as stack:
        orthanc = stack.enter_context(running_orthanc(tmp_path))
        for file in files[:-1]:
            orthanc.store(file)
        address = orthanc.dicom_web.replace("://", "://reader:secret@")
        own = {"data": tmp_path / "data", "own_cases": "on", "dicomweb": SecretStr(address)}
        server = stack.enter_context(running(demo.settings.model_copy(update=own)))
        server.shelf.warm_up()  # pictures of samples that are still being read hold all connections of a browser
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        stack.callback(context.close)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(WATCH)
        made = Person(server, context, context.new_page())
        yield made.arrive()
        assert made.complaints == []


def check(person: Person) -> None:
    """Nothing has run, and nothing was refused, since the page was loaded."""
    assert person.page.evaluate("[ran, refused]") == [[], []]


def test_script_in_files_names_notes_messages_and_addresses_never_runs(person: Person, tmp_path: Path) -> None:
    page = person.page
    archive = page.locator("form.archive")
    number = archive.locator("[name=value]")
    number.fill(SCRIPT[:60])
    number.press("Enter")
    archive.locator(".said", has_text="stud").wait_for()
    number.fill("X-1")
    number.press("Enter")
    archive.locator(".studies button").click()
    page.locator("#chat", has_text="Your study is open").wait_for()
    check(person)

    person.upload(*sorted((tmp_path / "files").iterdir()))
    page.locator("#chat", has_text="left out").wait_for()
    person.wait_for_picture()
    person.click_image(32, 32)
    person.regions().first.get_by_text("Rename").click()
    page.locator(".regions input").fill(SCRIPT)
    page.keyboard.press("Enter")
    person.regions().first.get_by_text("<img src=x").wait_for()
    for question in (
        SCRIPT,
        "What does R1 look like?",
        f"rename R1 to {SCRIPT}",
        "Write a report",
        "What is a liver cyst?",
    ):
        person.ask(question)
        person.answer()
    assert "boom(1)" in page.locator("#chat .user .md").first.inner_text()
    save(person, "adrenal adenoma", SCRIPT)
    own = page.locator(".own")
    own.locator("summary", has_text="Your own cases: 1").click()
    own.locator("li", has_text="boom(4)").wait_for()
    save(person, SCRIPT[:40], "")
    page.locator(".notice.problem").wait_for()
    check(person)

    for query in ({"quiz": SCRIPT, "n": "2"}, {"quiz": "CLASS", "n": "1", "type": SCRIPT}):
        page.goto(f"{person.server.address}/?{urlencode(query)}")
        page.locator(".samples button").first.wait_for()
        page.locator("#chat", has_text="quiz").wait_for()
        check(person)
    page.goto(f"{person.server.address}/?quiz=CLASS&n=1")
    wait_for_case(person, 1, 1)
    person.ask(SCRIPT)
    person.answer()
    answer(person, 0, 0)
    page.locator(".quiz .lesson img").wait_for()
    next_case(person)
    page.locator(".quiz .calibration").wait_for()
    check(person)

    page.evaluate(
        "(script) => { document.body.append(Object.assign(document.createElement('p'), { innerHTML: script })); }",
        SCRIPT,
    )
    person.until(lambda: page.evaluate("ran") == [1])  # it would have been seen
    person.complaints.clear()  # it was this test that asked for it
