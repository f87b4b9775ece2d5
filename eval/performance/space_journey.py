"""The journey through a Space in Chromium: its page in a frame of another site, behind a proxy that encrypts.

As on Hugging Face: cookies are third-party there, so only partitioned ones arrive, and the page decides who may frame
it. The certificate is made for the run; Chromium is told to find both sites on this machine.
"""

import asyncio
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from encoder.errors import LesionSearchError
from eval.performance.soak import Record, soak

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

HUB = "huggingface.co"
FAILED = Path("test-output", "space-failed.png")
WAIT_S = 900.0  # for one step; how long the first answer took is judged by the caller
CROWD_S = 40.0
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "host"}


class JourneyError(LesionSearchError):
    """The page did not do what a visitor expects."""


class Frame:
    """Somebody on huggingface.co who looks at the Space in its frame."""

    def __init__(self, host: str, port: int, folder: Path) -> None:
        self.host = host
        self.server_port = port
        self.folder = folder

    def __enter__(self) -> "Frame":
        from playwright.sync_api import sync_playwright

        self._proxy = _Proxy(self.host, self.server_port, self.folder)
        self._playwright = sync_playwright().start()
        here = f"127.0.0.1:{self._proxy.port}"
        self._browser = self._playwright.chromium.launch(
            executable_path=_chromium(),
            args=[
                "--no-sandbox",
                "--ignore-certificate-errors",
                "--test-third-party-cookie-phaseout",
                f"--host-resolver-rules=MAP {self.host}:443 {here},MAP {HUB}:443 {here}",
            ],
        )
        context = self._browser.new_context(ignore_https_errors=True)
        context.set_default_timeout(1000 * WAIT_S)
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            FAILED.parent.mkdir(exist_ok=True)
            self.page.screenshot(path=FAILED)
        self._browser.close()
        self._playwright.stop()
        self._proxy.stop()

    @property
    def space(self) -> "FrameLocator":
        """The Space's page in the frame."""
        return self.page.frame_locator("iframe")

    def arrive(self, server: subprocess.Popen[bytes]) -> None:
        """Open the page as soon as the app listens. Raises JourneyError where it ended before."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if server.poll() is not None:
                raise JourneyError(f"The app ended with status {server.returncode} before it listened.")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.server_port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise JourneyError(f"The app does not listen {WAIT_S:g} s after its start.")
        self.page.goto(f"https://{HUB}/")

    def first_answer(self) -> None:
        """Open a teaching case, and ask what it shows, until the answer is complete and its hits are there."""
        self.space.locator(".samples button").first.click()
        self.space.locator(".stage[data-shown]:not([data-shown='0'])").wait_for()
        self._ask("What does this look like?")
        self.space.locator(".hits button").first.wait_for()

    def steps(self) -> Iterator[str]:
        """Go on from the first answer; each step says what came of it. Further steps have their place here."""
        yield self._cookie()
        yield self._report()
        yield self._quiz()
        if self.complaints:
            raise JourneyError(f"The page complained: {self.complaints[0][:200]}")

    def _ask(self, question: str) -> None:
        before = self.space.locator("#chat .bot").count()
        self.space.locator("#ask textarea").fill(question)
        self.space.locator("#send").click()
        self.space.locator("#chat .bot").nth(before).wait_for()
        self.space.locator("#send").wait_for()

    def _cookie(self) -> str:
        cookies = [each for each in self.page.context.cookies() if self.host.endswith(each["domain"].lstrip("."))]
        if not cookies or not all(c["secure"] and c["httpOnly"] and c["sameSite"] == "None" for c in cookies):
            raise JourneyError(f"In the frame no cookie is kept that reaches the server: {cookies}.")
        return "frame: the visitor's cookie is kept, for encrypted connections, out of scripts' reach"

    def _report(self) -> str:
        self._ask("Write a report")
        link = self.space.locator("#chat a[href*='/files/']").first
        fetched = "link => fetch(link.href).then(async r => [r.headers.get('content-disposition'), await r.text()])"
        disposition, text = link.evaluate(fetched)
        if "attachment" not in disposition or "Region R1" not in text or "Similar atlas lesions" not in text:
            raise JourneyError("The report that came down is not one.")
        return f"report: a page of {len(text) >> 10} kB came down"

    def _quiz(self) -> str:
        self.space.locator("#quiz-button").click()
        self.space.locator(".quiz form select[name=n]").select_option("5")
        self.space.locator(".quiz form .primary").click()
        for number in range(1, 6):
            self.space.locator(".quiz-head", has_text=f"Case {number} of 5").wait_for()
            self.space.locator(".quiz .choices.type label").nth(number).click()
            self.space.locator(".quiz .choices.sureness label").first.click()
            self.space.locator(".quiz .primary", has_text="Answer").click()
            self.space.locator(".quiz .verdict").wait_for()
            self.space.locator(".quiz .row .primary").click()
        return f"quiz: {self.space.locator('.quiz .total').inner_text()}"


def crowd(address: str, visitors: int, memory_mb: Callable[[], int]) -> tuple[int, int]:
    """Let visitors open cases and ask at the same time; return the most memory seen, and how many questions were
    answered. Raises JourneyError."""
    record, most = Record(), [memory_mb()]
    with ThreadPoolExecutor(1) as thread:  # this one has Playwright's event loop
        visits = thread.submit(asyncio.run, soak(address, [], visitors, CROWD_S, record))
        while not visits.done():
            most.append(memory_mb())
            time.sleep(0.5)
    visits.result()
    if record.errors or record.leaks or not record.answers_s:
        raise JourneyError(f"{visitors} visitors: {dict(record.errors)}, {record.leaks} leaks.")
    print(f"{visitors} visitors: {record.done['opened']} cases opened, {len(record.answers_s)} questions answered")
    return max(most), len(record.answers_s)


class _Proxy:
    """Both sites behind one encrypted port: huggingface.co is a page with a frame, the Space is passed on."""

    def __init__(self, host: str, server_port: int, folder: Path) -> None:
        self._host = host
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server_port}", timeout=WAIT_S)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(
            ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}",
             "-keyout", str(key), "-out", str(certificate)),
            check=True, capture_output=True,
        )  # fmt: skip
        methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", lifespan="off", ssl_keyfile=str(key), ssl_certfile=str(certificate))
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    async def _answer(self, request: Request) -> Response:
        if request.url.hostname == HUB:
            return HTMLResponse(
                f'<!doctype html><title>Space</title><iframe src="https://{self._host}/" '
                'style="border:0;width:1240px;height:700px" allow="clipboard-write"></iframe>'
            )
        headers = [
            *((name, value) for name, value in request.headers.items() if name not in _OF_A_CONNECTION),
            ("host", self._host), ("x-forwarded-proto", "https"), ("x-forwarded-for", "203.0.113.7"),
        ]  # fmt: skip
        address = httpx.URL(path=request.url.path, query=request.url.query.encode())
        content = request.stream() if request.method in ("POST", "PUT") else None
        passed = self._http.build_request(request.method, address, headers=headers, content=content)
        try:
            answer = await self._http.send(passed, stream=True)
        except httpx.TransportError:
            return Response("The app does not answer.", 502)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            except httpx.TransportError:  # the Space went to sleep under an open page
                return
            finally:
                await answer.aclose()

        reply = StreamingResponse(body(), answer.status_code)
        kept = {"transfer-encoding", "connection", "keep-alive"}
        reply.raw_headers = [(n.lower(), v) for n, v in answer.headers.raw if n.decode().lower() not in kept]
        return reply


def _chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise JourneyError("There is no Chromium on the PATH: apt-get install chromium.")
    return path
