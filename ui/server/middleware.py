"""Around every request: the cookie that tells visitors apart, closed addresses, compression for other machines."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.state.visits import COOKIE, Visits, is_visitor, new_visitor

CLOSED = ("/gradio_api/upload", "/gradio_api/component_server", "/gradio_api/stream", "/gradio_api/deep_link")
HEARTBEAT = "/gradio_api/heartbeat/"
LOOPBACK = ("127.0.0.1", "::1")
# Nothing is fetched from, sent to or framed by another site, but that a Space is shown in a frame of Hugging Face's.
# Gradio writes settings as inline scripts and compiles templates, so that scripts are bounded by their origin alone.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space",
    )
)


class RemoteGZip(GZipMiddleware):
    """Compress for browsers on other machines. On this one a slice arrives sooner as it is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, _ = scope.get("client") or ("", 0)
        if host in LOOPBACK:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class VisitorCookie:
    """Set the cookie with the page itself, and let no visitor listen to the events of another's page.

    It is a secret that scripts cannot read. What streams through is never buffered.
    """

    def __init__(self, app: ASGIApp, visits: Visits) -> None:
        self.app = app
        self.visits = visits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(CLOSED):
            await PlainTextResponse("Not used here.", 404)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        page = _page(scope)
        if page is not None and not self.visits.may_listen(_cookie(headers), page):
            await PlainTextResponse("This page belongs to somebody else.", 403)(scope, receive, send)
            return
        new = scope["path"] == "/" and not is_visitor(_cookie(headers))
        secure = headers.get("x-forwarded-proto", scope.get("scheme", "http")).startswith("https")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Content-Type-Options"] = "nosniff"
                answer["Referrer-Policy"] = "no-referrer"
                answer["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
                if new:
                    answer.append("Set-Cookie", _set_cookie(new_visitor(), secure))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _page(scope: Scope) -> str | None:
    """Name the page whose events a request asks for, None where it asks for none."""
    path = scope["path"]
    if path.startswith(HEARTBEAT):
        return str(path.removeprefix(HEARTBEAT)).strip("/")
    return QueryParams(scope["query_string"]).get("session_hash")


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _set_cookie(value: str, secure: bool) -> str:
    # A Space is shown in a frame of another site: only a partitioned cookie reaches the server there
    policy = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
    return f"{COOKIE}={value}; HttpOnly; Path=/; Max-Age=604800; {policy}"
