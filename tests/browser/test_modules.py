"""The page's modules on their own, in Chromium: unit tests in JavaScript, and a start behind a proxy's prefix."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import REPO
from ui.browser.modules import NOT_LOADED, mounting, sources
from ui.viewer.viewer import HERE as VIEWER

pytestmark = pytest.mark.browser

ORIGIN = "http://modules.test"
TEST_FILES = sorted(path.relative_to(REPO) for path in REPO.glob("tests/ui/*/js/*.test.js"))


@pytest.fixture(scope="module")
def page(chromium: Any) -> Any:
    """A page whose every request is answered from this repository."""
    page = chromium.new_page()
    page.route("**/*", lambda route: _answer(route, urlsplit(route.request.url).path.lstrip("/")))
    yield page
    page.close()


def _answer(route: Any, path: str) -> None:
    module = re.fullmatch(r"space/app/modules/[0-9a-f]{16}/(.+)", path)
    if module and module[1] in sources():
        route.fulfill(body=sources()[module[1]].decode(), content_type="text/javascript")
    elif path.endswith(".js") and (REPO / path).is_file():
        route.fulfill(body=(REPO / path).read_text(encoding="utf-8"), content_type="text/javascript")
    elif path in ("", "space/app/"):
        route.fulfill(body='<base href="./"><main></main>', content_type="text/html")
    else:
        route.fulfill(status=404)


@pytest.mark.parametrize("file", TEST_FILES, ids=str)
def test_a_module_keeps_its_promises(page: Any, file: Path) -> None:
    page.goto(f"{ORIGIN}/")
    results = page.evaluate(
        """async (file) => {
          await import(file);
          return (await import("/tests/js/harness.js")).runRegistered();
        }""",
        f"/{file.as_posix()}",
    )
    assert results
    assert [result for result in results if result["problem"]] == []


START = """([script, html, props]) => {
  const element = document.querySelector("main");
  element.innerHTML = html;
  new Function("element", "trigger", "props", "watch", script)(element, () => {}, props, () => {});
}"""


def test_the_viewer_starts_behind_a_prefix(page: Any) -> None:
    page.goto(f"{ORIGIN}/space/app/")
    html = (VIEWER / "viewer.html").read_text(encoding="utf-8")
    script = mounting("viewer/js/viewer.js", ("act", "open"))
    page.evaluate(START, [script, html, {"value": None, "samples": [{"id": "case1", "title": "Chest CT"}]}])
    page.locator(".samples button", has_text="Chest CT").wait_for()
    assert page.locator(".samples img").evaluate("image => image.src") == f"{ORIGIN}/space/app/samples/case1.png"


def test_a_component_whose_modules_are_gone_says_so(page: Any) -> None:
    page.goto(f"{ORIGIN}/space/app/")
    script = mounting("viewer/js/viewer.js", ()).replace("/viewer/js/viewer.js", "/viewer/js/gone.js")
    page.evaluate(START, [script, "", {}])
    page.wait_for_function(f"() => document.querySelector('main').textContent === {json.dumps(NOT_LOADED)}")
