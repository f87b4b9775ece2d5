"""The page's modules on their own, in Chromium: unit tests in JavaScript, and a start behind a proxy's prefix."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import REPO
from ui.browser.modules import bundle, mounting
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
    if path.endswith(".js") and (REPO / path).is_file():
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


def test_the_viewer_starts_behind_a_prefix(page: Any) -> None:
    page.goto(f"{ORIGIN}/space/app/")
    page.evaluate(
        """([modules, script, html, props]) => {
          window.pageParts = new Function(`${modules}; return modules;`)();
          const element = document.querySelector("main");
          element.innerHTML = html;
          new Function("element", "trigger", "props", "watch", script)(element, () => {}, props, () => {});
        }""",
        [
            bundle("viewer/js/viewer.js"),
            mounting("viewer/js/viewer.js"),
            (VIEWER / "viewer.html").read_text(encoding="utf-8"),
            {"value": None, "samples": [{"id": "case1", "title": "Chest CT"}]},
        ],
    )
    page.locator(".samples button", has_text="Chest CT").wait_for()
    assert page.locator(".samples img").evaluate("image => image.src") == f"{ORIGIN}/space/app/samples/case1.png"
