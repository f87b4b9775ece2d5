"""The page: viewer and gallery at the left, the conversation at the right, and the server that brings it all."""

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported: it asks the network at import time

import gradio as gr
import uvicorn
from fastapi import FastAPI

from assistant.models.registry import resolve_model
from tools.pipelines.demo import ensure_samples, open_workspace_parts, patient_keys
from tools.settings import Settings
from ui.chat.chat import MAX_QUESTION
from ui.gallery.gallery import gallery_component
from ui.server import theme
from ui.server.cookies import VisitorCookie
from ui.server.handlers import Page, models
from ui.server.routes import routes
from ui.state.samples import SampleShelf
from ui.state.visits import DEFAULT_LIMITS, Shared, VisitError, VisitLimits, Visits
from ui.viewer.viewer import viewer_component

if TYPE_CHECKING:
    from tools.domain.progress import StageProgress

log = logging.getLogger(__name__)

TITLE = "Lesion Search"
NOT_A_DIAGNOSIS = "Find and explain similar CT lesions. A research and teaching tool, not a diagnosis."
SWEEP_S = 60.0
ANSWERS_AT_ONCE = 8
OPENINGS_AT_ONCE = 2  # each parses DICOM in a child process of its own
INTERNAL: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build_app(
    settings: Settings,
    auth: str | None = None,
    progress: "StageProgress | None" = None,
    limits: VisitLimits = DEFAULT_LIMITS,
) -> FastAPI:
    """The whole server: plain routes, then the Gradio page at `/`. Builds the demo atlas and the samples on first use.

    `auth` is `USER:PASSWORD`. `app.state` holds the open `visits` and the `shelf` of samples.
    """
    embedder, atlas = open_workspace_parts(settings, progress)
    shelf = SampleShelf(ensure_samples(settings, progress), patient_keys(settings))
    visits = Visits(Shared(atlas, embedder, patient_keys(settings), settings.model), limits)
    resolve_model(settings.model)  # a model that cannot be used is said now, and not at the first question
    demo = _blocks(Page(visits, shelf))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_warm_up, args=(visits, shelf), name="warm-up", daemon=True).start()
        sweeper = asyncio.create_task(_sweep(visits))
        try:
            yield
        finally:
            sweeper.cancel()
            visits.close_all()

    app = FastAPI(title=TITLE, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.visits = visits
    app.state.shelf = shelf
    app.include_router(routes(visits, shelf))
    gr.mount_gradio_app(
        app,
        demo,
        path="/",
        auth=_login(auth),
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
    app.add_middleware(VisitorCookie, visits=visits)
    return app


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Build the app and run it until it is interrupted."""
    run_server(build_app(settings), host, port)


def run_server(app: FastAPI, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Run the server until it is interrupted. Prints one line with the address; port 0 takes a free one."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise VisitError(
                f"Port {port} of {host} cannot be used ({error.strerror}): choose another with --port."
            ) from error
        shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
        print(f"Lesion Search is at http://{shown}:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, proxy_headers=True)
        uvicorn.Server(config).run(sockets=[listener])


def _blocks(page: Page) -> gr.Blocks:
    """The layout, and what happens on which event."""
    samples = [{"id": s.sample_id, "title": s.title} for s in page.shelf.samples]
    offered = models(page.visits.shared.model)
    demo: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, 600)) as demo:
        gr.HTML(_HEADER, elem_id="page-head", apply_default_css=False, js_on_load=None)
        with gr.Row(elem_id="page", equal_height=False):
            with gr.Column(scale=8, min_width=320, elem_id="left"):
                viewer = viewer_component(samples)
                gallery = gallery_component()
            with gr.Column(scale=5, min_width=300, elem_id="right"):
                chat = gr.Chatbot(
                    elem_id="chat",
                    label="Conversation",
                    show_label=False,
                    height="100%",
                    layout="panel",
                    buttons=["copy"],
                    editable="user",
                    feedback_options=None,
                    allow_tags=False,
                    latex_delimiters=[],
                    placeholder=_WELCOME,
                )
                chips = gr.HTML(
                    value=[], html_template=_CHIPS, js_on_load=_CHIPS_JS, elem_id="chips", apply_default_css=False
                )
                with gr.Row(elem_id="ask-row"):
                    box = gr.Textbox(
                        elem_id="ask",
                        label="Your question",
                        show_label=False,
                        container=False,
                        scale=1,
                        max_lines=5,
                        placeholder="Ask about the lesion, the study or the atlas",
                        max_length=MAX_QUESTION,
                    )
                    send = gr.Button("Ask", variant="primary", elem_id="send", scale=0)
                    stop = gr.Button("Stop", variant="stop", elem_id="stop", scale=0, visible=False)
                picker = gr.Dropdown(
                    [(label, name) for name, label in offered],
                    value=offered[0][0],
                    label="Answered by",
                    container=False,
                    filterable=False,
                    elem_id="model",
                )

        everything = [viewer, gallery, chat, chips]
        answer: dict[str, Any] = {
            "outputs": [chat, box, chips, viewer, gallery, send, stop],
            "concurrency_id": "answer",
            "concurrency_limit": ANSWERS_AT_ONCE,
            **INTERNAL,
        }
        demo.load(page.load, outputs=everything, queue=False, **INTERNAL)
        demo.unload(page.unload)
        viewer.act(page.act, outputs=[viewer, gallery, chips], queue=False, trigger_mode="multiple", **INTERNAL)
        gallery.search(page.search, outputs=[gallery, chat, chips], queue=False, trigger_mode="multiple", **INTERNAL)
        viewer.open(
            page.open, outputs=everything, concurrency_limit=OPENINGS_AT_ONCE, trigger_mode="multiple", **INTERNAL
        )
        box.submit(page.ask, box, **answer)
        send.click(page.ask, box, **answer)
        chips.ask(page.ask_chip, **answer)
        chat.retry(page.ask_again, **answer)
        chat.edit(page.edit, **answer)
        chat.clear(page.clear, outputs=[chat, chips], queue=False, **INTERNAL)
        stop.click(page.stop, queue=False, **INTERNAL)
        picker.input(page.choose_model, picker, chat, queue=False, **INTERNAL)
    demo.queue(default_concurrency_limit=ANSWERS_AT_ONCE, max_size=64)
    return demo


_HEADER = f"""
<div class="head"><h1>{TITLE}</h1><p>{NOT_A_DIAGNOSIS}</p>
<button type="button" id="theme-button">
<span class="to-light">Light theme</span><span class="to-dark">Dark theme</span></button></div>
<p id="trouble" role="alert" hidden></p>
"""
_WELCOME = """
**Open a case, click the lesion, and ask what it looks like.**

Every claim in an answer points at a lesion of the atlas.
"""
_CHIPS = '<div class="chips">{{#each value}}<button type="button">{{this}}</button>{{/each}}</div>'
_CHIPS_JS = """
element.addEventListener('click', (event) => {
  const chip = event.target.closest('button');
  if (chip) trigger('ask', { text: chip.textContent });
});
"""


def _login(auth: str | None) -> tuple[str, str] | None:
    if auth is None:
        return None
    user, _, password = auth.partition(":")
    if not user or not password:
        raise VisitError("--auth needs a name and a password, as USER:PASSWORD.")
    return user, password


def _warm_up(visits: Visits, shelf: SampleShelf) -> None:
    try:
        shelf.warm_up()
        visits.warm_up()
    except Exception:
        log.exception("the server could not be warmed up")  # the first question will say what is wrong


async def _sweep(visits: Visits) -> None:
    while True:
        await asyncio.sleep(SWEEP_S)
        closed = await asyncio.to_thread(visits.sweep)
        if closed:
            log.info("%d idle sessions deleted", closed)
