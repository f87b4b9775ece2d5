"""The page: viewer and gallery at the left, the conversation at the right, and the server that brings it all."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported: it asks the network at import time

import gradio as gr
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.providers import ModelError, resolve_model
from encoder.errors import LesionSearchError
from tools.demo import ensure_samples, open_workspace_parts, patient_keys
from tools.settings import Settings
from ui import theme
from ui.chat import MAX_QUESTION, converse, follow_ups, messages, say
from ui.gallery import gallery_component, gallery_of
from ui.guard import VisitorCookie
from ui.routes import routes, upload_folder
from ui.samples import SampleShelf
from ui.sessions import COOKIE, Shared, Visit, VisitError, VisitLimits, Visits
from ui.viewer import Notice, perform, state_of, viewer_component

if TYPE_CHECKING:
    from tools.demo import Progress

log = logging.getLogger(__name__)

TITLE = "Lesion Search"
NOT_A_DIAGNOSIS = "Find and explain similar CT lesions. A research and teaching tool, not a diagnosis."
SWEEP_S = 60.0
ANSWERS_AT_ONCE = 8
OPENINGS_AT_ONCE = 2  # each parses DICOM in a child process of its own
INTERNAL = {"api_visibility": "private", "show_progress": "hidden"}
Update = dict[str, Any]


class Opening(BaseModel):
    """What the viewer asks to open: a sample, or files it has sent; or that sending failed."""

    model_config = ConfigDict(extra="forbid")
    sample: Annotated[str | None, Field(max_length=20)] = None
    batch: Annotated[str | None, Field(pattern=r"^[0-9a-f]{24}$")] = None
    files: Annotated[int, Field(ge=0)] = 0
    failed: Annotated[str | None, Field(max_length=400)] = None


class Page:
    """What happens when something on the page is used. Every handler finds its visit by cookie and page, or says why
    it cannot; none takes a session, a key or a region from the browser on trust."""

    def __init__(self, visits: Visits, shelf: SampleShelf) -> None:
        self.visits = visits
        self.shelf = shelf

    def visit(self, request: gr.Request) -> Visit:
        return self.visits.of_page(request.cookies.get(COOKIE), request.session_hash)

    def load(self, request: gr.Request) -> tuple[Any, ...]:
        """A page was opened or reloaded."""
        try:
            return self._everything(self.visit(request))
        except VisitError as error:
            return gr.skip(), gr.skip(), [gr.ChatMessage(content=str(error))], gr.skip()

    def unload(self, request: gr.Request) -> None:
        """The page was closed."""
        self.visits.close(request.cookies.get(COOKIE), request.session_hash)

    def act(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Something was done in the viewer."""
        try:
            visit = self.visit(request)
        except VisitError:
            return gr.skip(), gr.skip(), gr.skip()
        notice = perform(visit, event._data)
        return _dump(state_of(visit, notice)), _dump(gallery_of(visit)), list(follow_ups(visit))

    def open(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """A sample was chosen or files were sent."""
        try:
            visit = self.visit(request)
        except VisitError:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        try:
            self._open(visit, Opening.model_validate(event._data))
        except LesionSearchError as error:
            return self._told(visit, str(error))
        except ValidationError:
            return self._told(visit, "The viewer sent something this server does not understand: reload the page.")
        except Exception:
            log.exception("a study could not be opened")
            return self._told(visit, "This could not be opened, because of a fault in the program: try other files.")
        return self._everything(visit)

    def ask(self, question: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """A question was typed."""
        yield from self._answer(question, request)

    def ask_chip(self, event: gr.EventData, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """A suggested question was chosen."""
        question = event._data.get("text") if isinstance(event._data, dict) else None
        yield from self._answer(question if isinstance(question, str) else "", request)

    def ask_again(self, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """The last question, once more."""
        try:
            visit = self.visit(request)
        except VisitError as error:
            yield _only_chat(str(error))
            return
        asked = [turn for turn in visit.turns if turn.question]
        if asked:
            del visit.turns[visit.turns.index(asked[-1]) :]
            yield from self._answer(asked[-1].question, request)

    def clear(self, request: gr.Request) -> tuple[Any, ...]:
        """A new conversation about the same study."""
        try:
            visit = self.visit(request)
        except VisitError:
            return gr.skip(), gr.skip()
        visit.forget_conversation()
        return messages(visit), list(follow_ups(visit))

    def stop(self, request: gr.Request) -> None:
        """Stop answering."""
        with contextlib.suppress(VisitError):
            self.visit(request).stop()

    def choose_model(self, model: str, request: gr.Request) -> Any:
        """Another model answers from now on."""
        try:
            visit = self.visit(request)
            if model not in {name for name, _ in models(self.visits.shared.model)}:
                raise ModelError("This server does not offer that model: choose one of the list.")
            say(visit, f"From now on answered by {resolve_model(model).label}.")
            visit.choose_model(model)
        except LesionSearchError as error:
            return [gr.ChatMessage(content=str(error))]
        return messages(visit)

    def _answer(self, question: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yields (chat, box, chips, viewer, gallery, send button, stop button)."""
        try:
            visit = self.visit(request)
        except VisitError as error:
            yield _only_chat(str(error))
            return
        if not question.strip():
            yield (gr.skip(),) * 7
            return
        seen = visit.session.revision
        started = True
        for turn in converse(visit, question[:MAX_QUESTION]):
            changed = visit.session.revision != seen or turn.done
            seen = visit.session.revision
            yield (
                messages(visit),
                "" if started else gr.skip(),
                list(follow_ups(visit)) if turn.done else [] if started else gr.skip(),
                _dump(state_of(visit)) if changed else gr.skip(),
                _dump(gallery_of(visit)) if changed else gr.skip(),
                gr.update(visible=turn.done) if started or turn.done else gr.skip(),
                gr.update(visible=not turn.done) if started or turn.done else gr.skip(),
            )
            started = False

    def _open(self, visit: Visit, asked: Opening) -> None:
        if asked.failed is not None:
            raise VisitError(asked.failed)
        if asked.sample is not None:
            sample = self.shelf.get(asked.sample)
            visit.open(self.shelf.study(sample), sample.title, sample.slice_index)
            say(
                visit,
                f"**{sample.title}.** A synthetic teaching case. Click what looks abnormal, or ask me to suggest places.",
            )
            return
        from tools.dicom import read_study

        folder = upload_folder(visit, asked.batch or "")
        try:
            study = read_study(folder, self.visits.shared.keys)
        finally:
            visit.discard_uploads()
        visit.open(study, "Your CT" if study.series[0].facts.modality == "CT" else "Your study")
        remarks = " ".join((*study.skipped, *study.series[0].warnings))
        say(
            visit,
            f"**Your study is open.** {remarks} Click a lesion or drag a box around it, then ask.".replace("  ", " "),
        )

    def _everything(self, visit: Visit) -> tuple[Any, ...]:
        return _dump(state_of(visit)), _dump(gallery_of(visit)), messages(visit), list(follow_ups(visit))

    def _told(self, visit: Visit, text: str) -> tuple[Any, ...]:
        say(visit, text)
        notice = Notice(text=text, kind="problem")
        return _dump(state_of(visit, notice)), gr.skip(), messages(visit), list(follow_ups(visit))


def build_app(
    settings: Settings, auth: str | None = None, progress: "Progress | None" = None, limits: VisitLimits = VisitLimits()
) -> FastAPI:
    """The whole server: plain routes, then the Gradio page at `/`. Builds the demo atlas and the samples on first use.

    `auth` is `USER:PASSWORD`. The app's `state.visits` holds the open sessions.
    """
    embedder, atlas = open_workspace_parts(settings, progress)
    shelf = SampleShelf(ensure_samples(settings, progress), patient_keys(settings))
    visits = Visits(Shared(atlas, embedder, patient_keys(settings), settings.model), limits)
    resolve_model(settings.model)  # a model that cannot be used is said now, and not at the first question
    demo = _blocks(Page(visits, shelf))

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        shelf.warm_up()
        sweeper = asyncio.create_task(_sweep(visits))
        try:
            yield
        finally:
            sweeper.cancel()
            visits.close_all()

    app = FastAPI(title=TITLE, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.visits = visits
    app.include_router(routes(visits, shelf))
    app = gr.mount_gradio_app(
        app,
        demo,
        path="/",
        auth=_login(auth),
        theme=theme.theme(),
        css=theme.css(),
        head=theme.HEAD,
        show_error=False,
        max_file_size="1kb",  # nothing is uploaded through Gradio
        allowed_paths=[],
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
    )
    app.add_middleware(VisitorCookie)
    return app


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: str | None = None,
    progress: "Progress | None" = None,
) -> None:
    """Run the server until it is interrupted. Prints one line with the address; port 0 takes a free one."""
    app = build_app(settings, auth, progress)
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


def models(default: str) -> list[tuple[str, str]]:
    """The models this server offers, as (name, what a person should know): the one it was started with, and offline."""
    first = resolve_model(default)
    offline = resolve_model("offline")
    return (
        [(default, first.label)] if first.name == offline.name else [(default, first.label), ("offline", offline.label)]
    )


def _blocks(page: Page) -> gr.Blocks:
    samples = [{"id": s.sample_id, "title": s.title} for s in page.shelf.samples]
    offered = models(page.visits.shared.model)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, 600)) as demo:
        gr.HTML(_HEADER, elem_id="page-head", apply_default_css=False, js_on_load=None)
        with gr.Row(elem_id="page", equal_height=False):
            with gr.Column(scale=8, min_width=320, elem_id="left"):
                viewer = viewer_component(samples)
                gallery = gallery_component()
            with gr.Column(scale=5, min_width=300, elem_id="right"):
                chat = gr.Chatbot(
                    elem_id="chat", label="Conversation", show_label=False, height="100%", layout="panel", buttons=["copy"],
                    feedback_options=None, allow_tags=False, allow_file_downloads=False, latex_delimiters=[], placeholder=_WELCOME,
                )  # fmt: skip
                chips = gr.HTML(
                    value=[], html_template=_CHIPS, js_on_load=_CHIPS_JS, elem_id="chips", apply_default_css=False
                )
                with gr.Row(elem_id="ask-row"):
                    box = gr.Textbox(
                        elem_id="ask", label="Your question", show_label=False, container=False, scale=1, lines=1, max_lines=5,
                        placeholder="Ask about the lesion, the study or the atlas", max_length=MAX_QUESTION, autofocus=False,
                    )  # fmt: skip
                    send = gr.Button("Ask", variant="primary", elem_id="send", scale=0)
                    stop = gr.Button("Stop", variant="stop", elem_id="stop", scale=0, visible=False)
                picker = gr.Dropdown(
                    [(label, name) for name, label in offered], value=offered[0][0], label="Answered by", elem_id="model",
                    visible=len(offered) > 1,
                )  # fmt: skip
                gr.Markdown(f"Answered by {offered[0][1]}", elem_id="model-line", visible=len(offered) == 1)

        everything = [viewer, gallery, chat, chips]
        answer = partial(
            dict, outputs=[chat, box, chips, viewer, gallery, send, stop], concurrency_id="answer",
            concurrency_limit=ANSWERS_AT_ONCE, **INTERNAL,
        )  # fmt: skip
        demo.load(page.load, outputs=everything, queue=False, **INTERNAL)
        demo.unload(page.unload)
        viewer.act(page.act, outputs=[viewer, gallery, chips], queue=False, trigger_mode="multiple", **INTERNAL)
        viewer.open(
            page.open, outputs=everything, concurrency_limit=OPENINGS_AT_ONCE, trigger_mode="multiple", **INTERNAL
        )
        box.submit(page.ask, box, **answer())
        send.click(page.ask, box, **answer())
        chips.ask(page.ask_chip, **answer())
        chat.retry(page.ask_again, **answer())
        chat.clear(page.clear, outputs=[chat, chips], queue=False, **INTERNAL)
        stop.click(page.stop, queue=False, **INTERNAL)
        picker.input(page.choose_model, picker, chat, queue=False, **INTERNAL)
    demo.queue(default_concurrency_limit=ANSWERS_AT_ONCE, max_size=64)
    return demo


_HEADER = f"""
<div class="head"><h1>{TITLE}</h1><p>{NOT_A_DIAGNOSIS}</p><button type="button" id="theme-button">Light or dark</button></div>
"""
_WELCOME = "**Open a case at the left, click the lesion, and ask what it looks like.**\n\nEvery claim in an answer points at a lesion of the atlas."
_CHIPS = '<div class="chips">{{#each value}}<button type="button">{{this}}</button>{{/each}}</div>'
_CHIPS_JS = """
element.addEventListener('click', (event) => {
  const chip = event.target.closest('button');
  if (chip) trigger('ask', { text: chip.textContent });
});
"""


def _dump(state: BaseModel) -> dict[str, Any]:
    return state.model_dump(mode="json")


def _only_chat(text: str) -> tuple[Any, ...]:
    return ([gr.ChatMessage(content=text)], *(gr.skip() for _ in range(6)))


def _login(auth: str | None) -> tuple[str, str] | None:
    if auth is None:
        return None
    user, _, password = auth.partition(":")
    if not user or not password:
        raise VisitError("--auth needs a name and a password, as USER:PASSWORD.")
    return user, password


async def _sweep(visits: Visits) -> None:
    while True:
        await asyncio.sleep(SWEEP_S)
        closed = await asyncio.to_thread(visits.sweep)
        if closed:
            log.info("%d idle sessions deleted", closed)
