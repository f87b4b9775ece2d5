"""The quiz panel: set up, asked, told, and summed up with pictures of confidence and confusion.

What it shows comes with the viewer's state (`ui.state.quiz_view`), so that picture and question are never of two cases.
"""

from pathlib import Path

import gradio as gr

from ui.browser.modules import mounting

HERE = Path(__file__).parent


def quiz_component() -> gr.HTML:
    """Build the panel. Events: `begin` (a plan), `act` (what the learner does)."""
    return gr.HTML(
        value=None,
        html_template='<section class="quiz" aria-label="Quiz" hidden></section>',
        css_template=(HERE / "quiz.css").read_text(encoding="utf-8"),
        js_on_load=mounting("quiz/js/quiz.js"),
        apply_default_css=False,
        elem_id="quiz",
    )
