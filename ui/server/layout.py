"""What stands where on the page, and which handler answers which event."""

from typing import Any

import gradio as gr

from ui.browser.modules import mounting
from ui.chat.chat import MAX_QUESTION
from ui.gallery.gallery import gallery_component
from ui.quiz.quiz import quiz_component
from ui.server.handlers import PageHandlers, offered_models
from ui.server.quiz_events import QuizHandlers
from ui.server.replies import complete
from ui.viewer.viewer import viewer_component

TITLE = "Lesion Search"
NOT_A_DIAGNOSIS = "Find and explain similar CT lesions. A research and teaching tool, not a diagnosis."
MAX_WAITING = 64  # events in Gradio's queue; further ones are refused
MAX_THREADS = 96  # more than wait and work at the handlers' gates, so that the rest of the page goes on
INTERNAL: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "postprocess": False}


def build_page(page: PageHandlers, quizzes: QuizHandlers, may_leave: bool = False) -> gr.Blocks:
    """Lay out viewer and gallery at the left, the conversation at the right, and connect every event to its handler.

    `may_leave`: there is a login, and so a button to log out.
    """
    settings = page.visits.settings
    samples = [{"id": s.sample_id, "title": s.title} for s in page.shelf.samples]
    offered = offered_models(settings.model)
    demo: gr.Blocks
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, 600)) as demo:
        gr.HTML(
            _HEADER.replace("<!--leave-->", _LEAVE if may_leave else ""),
            elem_id="page-head",
            apply_default_css=False,
            js_on_load=None,
        )
        with gr.Row(elem_id="page", equal_height=False):
            with gr.Column(scale=8, min_width=320, elem_id="left"):
                viewer = viewer_component(samples, settings.dicomweb is not None)
                gallery = gallery_component()
            gr.HTML(
                _COLUMN_EDGE,
                elem_id="column-edge",
                js_on_load=mounting("server/js/column_edge.js"),
                apply_default_css=False,
            )
            with gr.Column(scale=5, min_width=300, elem_id="right"):
                quiz = quiz_component()
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
                        placeholder="Ask about lesion, study or atlas",
                        max_length=MAX_QUESTION,
                    )
                    send = gr.Button("Ask", variant="primary", elem_id="send", scale=0)
                    stop = gr.Button("Stop", variant="stop", elem_id="stop", scale=0, visible=False)
                picker = gr.HTML(
                    value=offered[0][0],
                    offered=offered,
                    html_template=_PICKER,
                    js_on_load=mounting("server/js/model_picker.js"),
                    elem_id="model",
                    apply_default_css=False,
                )

        gr.HTML(_TABS, elem_id="tabs", js_on_load=mounting("server/js/tabs.js"), apply_default_css=False)

        everything = [viewer, gallery, chat, chips]
        answer: dict[str, Any] = {
            "outputs": [chat, box, chips, viewer, gallery, send, stop],
            "concurrency_id": "answer",
            "concurrency_limit": None,  # the handlers' gate, which addresses beside the queue meet too
            **INTERNAL,
        }
        demo.load(complete(page.load), outputs=[*everything, picker], queue=False, **INTERNAL)
        demo.unload(page.unload)
        at_once: dict[str, Any] = {"outputs": everything, "queue": False, "trigger_mode": "multiple", **INTERNAL}
        viewer.act(complete(page.act), **at_once)
        gallery.search(complete(page.search), **at_once)
        gallery.show(complete(page.show), **at_once)
        gallery.undo(complete(page.undo), **at_once)
        viewer.undo(complete(page.undo), **at_once)
        viewer.refresh(complete(page.refresh), **at_once)
        chat.select(complete(page.choose_answer), **at_once)
        opening: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "multiple", **INTERNAL}
        viewer.open(complete(page.open), outputs=everything, **opening)
        quiz.begin(complete(quizzes.begin), outputs=everything, **opening)
        quiz.act(complete(quizzes.act), outputs=everything, **opening)
        box.submit(complete(page.ask), box, **answer)
        send.click(complete(page.ask), box, **answer)
        chips.ask(complete(page.ask_chip), **answer)
        chat.retry(complete(page.ask_again), **answer)
        chat.edit(complete(page.edit), **answer)
        chat.clear(complete(page.clear), outputs=everything, queue=False, **INTERNAL)
        stop.click(page.stop, queue=False, **INTERNAL)
        picker.choose(complete(page.choose_model), outputs=[chat, picker], queue=False, **INTERNAL)
    demo.max_threads = MAX_THREADS
    demo.queue(default_concurrency_limit=None, max_size=MAX_WAITING)
    return demo


_HEADER = f"""
<div class="head"><h1>{TITLE}</h1><p>{NOT_A_DIAGNOSIS}</p>
<button type="button" id="quiz-button">Quiz</button>
<button type="button" id="theme-button">
<span class="to-light">Light theme</span><span class="to-dark">Dark theme</span></button><!--leave--></div>
<p id="trouble" role="alert" hidden></p>
"""
_LEAVE = '<form method="post" action="logout"><button>Log out</button></form>'
_COLUMN_EDGE = """
<div class="edge" role="separator" tabindex="0" aria-valuenow="0" aria-orientation="vertical"
aria-label="Width of the picture's column"
title="Drag, or arrow keys: width of the picture's column; double-click: as it was"></div>
"""
_TABS = """
<nav class="tabs" aria-label="Parts of the page">
<button type="button" data-pane="picture" aria-pressed="true" title="Show the picture">Picture</button>
<button type="button" data-pane="hits" aria-pressed="false" title="Show similar lesions">
Hits <b class="count"></b></button>
<button type="button" data-pane="chat" aria-pressed="false" title="Show the conversation">Chat</button>
</nav>
"""
_WELCOME = """
**Open a case, click the lesion, and ask what it looks like.**

Every claim in an answer points at a lesion of the atlas.
"""
_CHIPS = '<div class="chips">{{#each value}}<button type="button">{{this}}</button>{{/each}}</div>'
_PICKER = "<label>Answered by <select></select></label>"
_CHIPS_JS = """
element.addEventListener('click', (event) => {
  const chip = event.target.closest('button');
  if (chip) trigger('ask', { text: chip.textContent });
});
"""
