"""Around every request: who it is, whose page it is about, what the browser may do with the answer, compression."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.cookies import VISITOR_DAYS, VisitorCookies, cookie_header, read_cookie, without_cookie
from ui.server.events import EventError, page_of, refusal
from ui.state.visits import COOKIE, Visits

LOOPBACK = ("127.0.0.1", "::1")
# Nothing is fetched from, sent to or framed by another site, but that a Space is shown in a frame of Hugging Face's.
# Gradio writes settings as inline scripts and compiles templates, so that scripts are bounded by their origin alone.
_POLICY = (
    "default-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "style-src 'self' 'unsafe-inline'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
)
_UNUSED = "camera microphone geolocation payment usb serial hid midi display-capture".split()  # noqa: SIM905
_LASTING = (
    "/assets/",
    "/static/",
    "/svelte/",
    "/samples/",
    "/lessons/",
    "/theme.css",
    "/favicon.ico",
    "/atlas-lesion.png",
)


class RemoteGZip(GZipMiddleware):
    """Compress for browsers on other machines. On this one a slice arrives sooner as it is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, _ = scope.get("client") or ("", 0)
        if host in LOOPBACK:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class SafeHeaders:
    """Say with every answer where its page may fetch from, who may frame it, and that nothing of a visit is stored."""

    def __init__(self, app: ASGIApp, framed_by: tuple[str, ...] = ()) -> None:
        self.app = app
        self.headers = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
            "Content-Security-Policy": "; ".join((*_POLICY, " ".join(("frame-ancestors 'self'", *framed_by)))),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(self.headers)
                if scope["path"] not in ("/", "/config") and not scope["path"].startswith(_LASTING):
                    answer["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, send_with_headers)


class VisitorCookie:
    """Give a visitor their cookie with the page itself, take no invented one, and let nobody listen to, speak into or
    cancel the events of another's page. What streams through is never buffered."""

    def __init__(self, app: ASGIApp, visits: Visits, cookies: VisitorCookies, inputs: Mapping[int, int]) -> None:
        self.app = app
        self.visits = visits
        self.cookies = cookies
        self.inputs = inputs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visitor = read_cookie(scope, COOKIE)
        if visitor is not None and not self.cookies.is_issued(visitor):
            scope, visitor = without_cookie(scope, COOKIE), None
        if visitor is not None:
            self.visits.note_address(visitor, (scope.get("client") or ("", 0))[0])
        try:
            page, receive = await page_of(scope, receive, self.inputs)
        except EventError:
            await _refuse(400, "This server does not understand that: reload the page.", scope, receive, send)
            return
        except HTTPException as error:  # too large, too slow
            await _refuse(error.status_code, error.detail, scope, receive, send)
            return
        if page is not None and not self.visits.claim(visitor, page):
            await _refuse(403, "This page belongs to somebody else.", scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                cookie = cookie_header(scope, COOKIE, self.cookies.issue(), VISITOR_DAYS * 86400)
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        is_new = scope["path"] == "/" and visitor is None
        await self.app(scope, receive, send_with_cookie if is_new else send)


async def _refuse(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
    await Response(refusal(text), status, media_type="application/json")(scope, receive, send)
