"""What a request may be, before anything reads it: under which name, at which address, how large and how slow."""

import asyncio
import ipaddress
import os
import re
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

MAX_BODY_BYTES = 1 << 20  # of anything but an upload, whose route counts for itself
WAIT_S = 30.0  # for the next piece of a body, and for a whole body but an upload's
SLOWEST_BYTES_S = 2048  # of an upload, on average
HEADERS_S = 20.0
MAX_CONNECTIONS = 1024
PAGES = re.compile(  # Gradio has many more addresses, for its own development and for what is not used here
    r"/(|config|theme\.css|robots\.txt|favicon\.ico|manifest\.json|login(/huggingface|/callback)?|logout"
    r"|atlas-map|atlas-lesion\.png"
    r"|own-cases\.zip|mcp/?"
    r"|(assets|static|svelte|studies|samples|uploads|archive|pwa_icon|quiz|lessons)/.*"
    r"|gradio_api/(startup-events|app_id|theme\.css|heartbeat/[^/]+|queue/(join|data)|run/predict|cancel|reset))"
)
_UPLOAD = "/uploads/"


class Bounds:
    """Refuse what no page of this server sends, in one sentence."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app = app
        self.hosts = {"localhost", socket.gethostname().lower(), *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self.app(scope, _bounded(scope, receive), send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if not self._is_own_name(headers.get("host", "")):
            return PlainTextResponse(
                "This server does not answer to that name: its operator can add it to LESION_SEARCH_HOSTS.", 421
            )
        if not PAGES.fullmatch(scope["path"]):
            return PlainTextResponse("There is nothing at this address.", 404)
        if scope["method"] not in ("GET", "HEAD") and headers.get("sec-fetch-site") == "cross-site":
            return PlainTextResponse("Another site may not send anything here.", 403)
        length = headers.get("content-length", "0")
        if not scope["path"].startswith(_UPLOAD) and (not length.isdigit() or int(length) > MAX_BODY_BYTES):
            return PlainTextResponse("That is more than this address takes.", 413)
        return None

    def _is_own_name(self, host: str) -> bool:
        """Tell whether a Host header names this server. A number does: another site that turns its own name to this
        machine (DNS rebinding) cannot have one."""
        name = host.rsplit(":", 1)[0] if re.search(r":\d+$", host) else host
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name.lower().rstrip(".") in self.hosts
        return True


def own_hosts(setting: str) -> tuple[str, ...]:
    """List the names this server answers to beside its own: of the setting, and of the Space it runs in."""
    return tuple(name.strip() for name in (*setting.split(","), os.environ.get("SPACE_HOST", "")) if name.strip())


def trusted_proxies(setting: str) -> str:
    """List whose word is taken for where a request comes from: of the setting, else this machine, and in a Space the
    private networks of its host."""
    return setting or ("127.0.0.1,10.0.0.0/8,172.16.0.0/12" if os.environ.get("SPACE_HOST") else "127.0.0.1")


def _bounded(scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Wrap the reading of a body: it raises HTTPException for one that is too large or too slow."""
    upload = scope["path"].startswith(_UPLOAD)
    began = time.monotonic()
    received, complete = 0, False

    async def next_message() -> Message:
        nonlocal received, complete
        if complete:
            return await receive()  # this waits for the browser to leave
        try:
            async with asyncio.timeout(WAIT_S):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The request was not sent in time: try again.") from None
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > MAX_BODY_BYTES and not upload:
                raise HTTPException(413, "That is more than this address takes.")
            spent_s = time.monotonic() - began
            if spent_s > WAIT_S and (not upload or received < spent_s * SLOWEST_BYTES_S) and not complete:
                raise HTTPException(408, "The request was not sent in time: try again.")
        return message

    return next_message


class TimedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's HTTP, that does not wait for ever for the head of a request."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Time a head that has not come yet, from its first byte on."""
        if self.cycle is not None and not self.cycle.response_complete:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HEADERS_S, self._close)

    def _close(self) -> None:
        self._timer = None
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()
