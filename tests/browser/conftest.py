"""One server and one Chromium for all browser tests, and a person who uses the page."""

import contextlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from tools.settings import Settings

OUTPUT = Path(__file__).resolve().parents[2] / "test-output"
DESKTOP = {"width": 1280, "height": 720}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
WAIT_MS = 60_000


@dataclass(frozen=True)
class Server:
    """The running app."""

    address: str
    visits: Any
    shelf: Any


@pytest.fixture(scope="session")
def server(demo: Any) -> Iterator[Server]:
    """The whole app over the small demo."""
    with running(demo.settings) as server:
        yield server


@contextlib.contextmanager
def running(settings: "Settings", around: Callable[[Any], Any] = lambda app: app) -> Iterator[Server]:
    """The whole app on a free port; `around` wraps it, to listen to what it sends."""
    import uvicorn

    from ui.server.app import build_app

    app = build_app(settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running = uvicorn.Server(uvicorn.Config(around(app), log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not running.started and time.monotonic() < deadline:
            time.sleep(0.05)
        yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.visits, app.state.shelf)
        running.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Debian's Chromium. Where there is none the browser tests are skipped, with the reason."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI must drive a real Chromium, and there is none on the PATH: .ci/run installs it")
        pytest.skip("no Chromium on the PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at a browser of their own. Everything the page complains about is kept in `complaints`."""

    server: Server
    context: "BrowserContext"
    page: "Page"
    complaints: list[str] = field(default_factory=list)

    def arrive(self) -> "Person":
        page = self.page
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._check(request.url))
        page.goto(self.server.address)
        page.locator(".samples button").first.wait_for()
        return self

    def open_sample(self, title: str) -> None:
        self.page.locator(".samples button", has_text=title).click()
        self.wait_for_picture()

    def upload(self, *files: Path) -> None:
        self.page.locator("input[type=file]").set_input_files([str(file) for file in files])

    def wait_for_picture(self) -> None:
        self.page.locator(".stage[data-shown]:not([data-shown='0'])").wait_for(timeout=WAIT_MS)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something on the server, however busy the machine is."""
        end = time.monotonic() + WAIT_MS / 1000
        while not holds():
            assert time.monotonic() < end, "it did not happen"
            self.page.wait_for_timeout(50)

    def scroll_to(self, number: int) -> None:
        self.page.locator(".slider").fill(str(number - 1))
        self.page.locator(f".stage[data-shown='{number}']").wait_for()

    def point(self, column: float, row: float) -> tuple[float, float]:
        """Where on the page an image coordinate is."""
        stage = self.page.locator(".stage")
        stage.scroll_into_view_if_needed()
        frame = stage.bounding_box()
        assert frame is not None
        size = [float(v) for v in (stage.get_attribute("data-size") or "").split()]
        x0, y0 = (float(v) for v in (stage.get_attribute("data-origin") or "").split())
        x1, y1 = (float(v) for v in (stage.get_attribute("data-corner") or "").split())
        return frame["x"] + x0 + (x1 - x0) * column / size[0], frame["y"] + y0 + (y1 - y0) * row / size[1]

    def click_image(self, column: float, row: float) -> None:
        self.page.mouse.click(*self.point(column, row))

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
        """From one image coordinate to another."""
        from_x, from_y = self.point(*start)
        to_x, to_y = self.point(*end)
        mouse = self.page.mouse
        mouse.move(from_x, from_y)
        mouse.down(button=button)
        mouse.move((from_x + to_x) / 2, (from_y + to_y) / 2)
        mouse.move(to_x, to_y)
        mouse.up(button=button)

    def touch(self, *paths: list[tuple[float, float]]) -> None:
        """Fingers on a touch screen, each along its own path of page coordinates, all at the same time."""
        screen = self.context.new_cdp_session(self.page)
        for step, points in enumerate(zip(*paths, strict=True)):
            kind = "touchMove" if step else "touchStart"
            fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
            screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
        screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        screen.detach()

    def geometry(self) -> tuple[float, float, float]:
        """How large an image pixel is on the screen, and where the image begins on the stage."""
        stage = self.page.locator(".stage")
        size, origin, corner = (
            [float(v) for v in (stage.get_attribute(f"data-{name}") or "").split()]
            for name in ("size", "origin", "corner")
        )
        return (corner[0] - origin[0]) / size[0], origin[0], origin[1]

    def regions(self) -> "Locator":
        return self.page.locator(".regions li")

    def pane(self, name: str) -> None:
        """Show another part of the page, on a phone: picture, hits or chat."""
        self.page.locator(f"#tabs [data-pane={name}]").tap()

    def ask(self, question: str) -> None:
        self.page.locator("#ask textarea").fill(question)
        self.page.locator("#send").click()

    def answer(self) -> str:
        """The text of the conversation once the answer is complete."""
        self.page.locator("#send").wait_for(timeout=WAIT_MS)
        self.page.wait_for_timeout(200)
        return self.page.locator("#chat").inner_text()

    def study_address(self) -> str:
        """The address of the slice on the screen, as this person's browser asks for it."""
        keys = [v.study_key for v in self.server.visits._visits if v.visitor == self.cookie()]
        return f"{self.server.address}/studies/{keys[-1]}/series/0/slices/0"

    def cookie(self) -> str:
        from ui.state.visits import COOKIE

        return next(c["value"] for c in self.context.cookies() if c["name"] == COOKIE)

    def shot(self, name: str) -> None:
        OUTPUT.mkdir(exist_ok=True)
        self.page.screenshot(path=OUTPUT / f"{name}.png")

    def _check(self, url: str) -> None:
        if not url.startswith((self.server.address, "data:", "blob:")):
            self.complaints.append(f"request to {url}")


@pytest.fixture
def visitor(server: Server, chromium: "Browser") -> Iterator[Callable[..., Person]]:
    """Makes people with a fresh browser each; at the end nobody may have had a reason to complain."""
    people: list[Person] = []

    def make(**options: Any) -> Person:
        context = chromium.new_context(**{"viewport": DESKTOP, "color_scheme": "dark", **options})
        context.set_default_timeout(WAIT_MS)
        person = Person(server, context, context.new_page())
        people.append(person)
        return person.arrive()

    yield make
    for person in people:
        with contextlib.suppress(Exception):
            person.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []
