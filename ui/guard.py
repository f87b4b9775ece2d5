"""At the door: every visitor gets a cookie that scripts cannot read, and what the page does not use is closed."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.sessions import COOKIE, is_visitor, new_visitor

CLOSED = ("/gradio_api/upload", "/gradio_api/component_server", "/gradio_api/stream", "/gradio_api/deep_link")


class VisitorCookie:
    """ASGI middleware: sets the cookie with the page itself, and never buffers what streams through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith(CLOSED):
            await PlainTextResponse("Not used here.", 404)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        new = scope["path"] == "/" and not is_visitor(_cookie(headers))
        secure = headers.get("x-forwarded-proto", scope.get("scheme", "http")).startswith("https")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                told["X-Content-Type-Options"] = "nosniff"
                told["Referrer-Policy"] = "no-referrer"
                if new:
                    told.append("Set-Cookie", _set_cookie(new_visitor(), secure))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


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
