"""The server: plain routes, the Gradio page, and what runs as long as they do."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported: it asks the network at import time
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**12)  # events between two statistics of all, which pandas makes

import gradio as gr
import uvicorn
from fastapi import FastAPI

from assistant.models.registry import resolve_model
from tools.pipelines.demo import ensure_samples, open_workspace_parts, patient_keys
from tools.pipelines.phantoms.teaching_cases import series_folder
from tools.settings import Settings
from tools.workspace.quiz_cases import QuizCases
from ui.server import theme
from ui.server.archive import archive_routes
from ui.server.bounds import MAX_CONNECTIONS, Bounds, TimedProtocol, own_hosts, trusted_proxies
from ui.server.cookies import VisitorCookies
from ui.server.handlers import PageHandlers
from ui.server.hub_sign_in import hub_sign_in
from ui.server.layout import TITLE, build_page
from ui.server.login import Login, LoginGuard, credentials
from ui.server.memory import forget_pages, give_back, keep_for_good
from ui.server.middleware import RemoteGZip, SafeHeaders, VisitorCookie
from ui.server.quiz_events import QuizHandlers
from ui.server.quiz_routes import quiz_routes
from ui.server.routes import routes
from ui.state.samples import SampleShelf
from ui.state.visit import VisitError
from ui.state.visits import Shared, Visits

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from tools.domain.progress import StageProgress

log = logging.getLogger(__name__)
SWITCH_S = 0.0005  # Python lets a thread compute ten times as long: with many users each request waits that often
SPACES = ("https://huggingface.co", "https://*.hf.space")  # a Space is shown in a frame of theirs


def build_app(settings: Settings, auth: str | None = None, progress: "StageProgress | None" = None) -> FastAPI:
    """Build the whole server: plain routes, then the Gradio page at `/`; demo atlas and samples too on first use.

    `auth` is `USER:PASSWORD`, or a name whose password the settings have, which also name accounts of the Hub.
    `app.state` holds the open `visits` and the `shelf` of samples. Raises VisitError for a login that is none,
    ModelError for a model that cannot be used, and AtlasError for an atlas that is missing.
    """
    right, hub = credentials(auth, settings), hub_sign_in(settings.hub_users)
    login = Login(right) if right or hub else None
    embedder, atlas = open_workspace_parts(settings, progress)
    shelf = SampleShelf(ensure_samples(settings, progress), patient_keys(settings))
    visits = Visits(Shared(atlas, embedder, patient_keys(settings), settings))
    sessions = _mcp_sessions(visits, shelf, login is not None)
    resolve_model(settings.model)  # a model that cannot be used is said now, and not at the first question

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_warm_up, args=(visits, shelf), name="warm-up", daemon=True).start()
        sweeper = asyncio.create_task(_sweep(visits, page, settings))
        try:
            async with sessions.run() if sessions else contextlib.nullcontext():
                yield
        finally:
            sweeper.cancel()
            visits.close_all()

    app = FastAPI(title=TITLE, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.visits = visits
    app.state.shelf = shelf
    cases = QuizCases(atlas, settings.samples, patient_keys(settings), partial(series_folder, settings.samples))
    app.include_router(routes(visits, shelf))
    app.include_router(quiz_routes(visits, cases))
    app.include_router(archive_routes(visits))
    if sessions:
        app.mount("/mcp", sessions.handle_request)
    pages = PageHandlers(visits, shelf)
    page = build_page(pages, QuizHandlers(pages, cases), may_leave=login is not None)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=theme.theme(),
        css=theme.css(),
        head=theme.head(),
        show_error=False,
        max_file_size="1kb",  # nothing is uploaded through Gradio
        allowed_paths=[],
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
    )
    inputs = {number: len(function.inputs) for number, function in page.fns.items()}
    app.add_middleware(VisitorCookie, visits=visits, cookies=VisitorCookies(patient_keys(settings)), inputs=inputs)
    if login is not None:
        app.add_middleware(LoginGuard, login=login, visits=visits, hub=hub)
    app.add_middleware(Bounds, hosts=own_hosts(settings.hosts))
    app.add_middleware(SafeHeaders, framed_by=SPACES if os.environ.get("SPACE_HOST") else ())
    app.add_middleware(RemoteGZip, compresslevel=1)  # a slice of 512 x 512 waits longer for any other level
    return app


def run_server(app: FastAPI, host: str, port: int, proxies: str = "") -> None:
    """Run the server until it is interrupted. Prints one line with the address; port 0 takes a free one.

    `proxies` are the addresses or networks whose word is taken for where a request comes from.

    Raises VisitError for a port that cannot be used.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()  # who reads the address and comes at once waits, and is not refused
        except OSError as error:
            raise VisitError(
                f"Port {port} of {host} cannot be used ({error.strerror}): choose another with --port."
            ) from error
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
        print(f"Lesion Search is at http://{shown}:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(
            app,
            http=TimedProtocol,
            log_level="warning",
            timeout_graceful_shutdown=2,
            limit_concurrency=MAX_CONNECTIONS,
            forwarded_allow_ips=trusted_proxies(proxies),
            server_header=False,
        )
        sys.setswitchinterval(SWITCH_S)
        PageServer(config).run(sockets=[listener])


class PageServer(uvicorn.Server):
    """Uvicorn, which at its end leaves the streams of open pages: it would wait for each, and log it as a failure."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and cycle.response_started and not cycle.response_complete:
                connection.transport.close()  # type: ignore[union-attr]  # to the stream, as if the page had left
        await super().shutdown(sockets)


def _mcp_sessions(visits: Visits, shelf: SampleShelf, has_login: bool) -> "StreamableHTTPSessionManager | None":
    """Make what answers `/mcp` where that is asked for. Raises VisitError beside a login, which it has none for."""
    if not visits.settings.mcp:
        return None
    if has_login:
        raise VisitError("LESION_SEARCH_MCP cannot be on beside a login, which MCP clients cannot give: leave out one.")
    try:
        from ui.mcp.http import mcp_sessions
    except ModuleNotFoundError as error:
        raise VisitError('LESION_SEARCH_MCP needs a package: pip install "lesion-search[mcp]".') from error
    return mcp_sessions(visits.shared, shelf)


def _warm_up(visits: Visits, shelf: SampleShelf) -> None:
    try:
        shelf.warm_up()
        visits.warm_up()
        keep_for_good()
        give_back()
    except Exception:
        log.exception("the server could not be warmed up")  # the first question will say what is wrong


async def _sweep(visits: Visits, page: gr.Blocks, settings: Settings) -> None:
    while True:
        await asyncio.sleep(settings.sweep_s)
        forget_pages(page, 60 * settings.keep_minutes)
        closed = await asyncio.to_thread(visits.sweep)
        await asyncio.to_thread(give_back, collect=closed > 0)
        if closed:
            log.info("%d idle sessions deleted", closed)
