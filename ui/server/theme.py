"""How the page looks: system fonts, light or dark as system or user say, nothing fetched from elsewhere."""

from pathlib import Path

import gradio as gr

from ui.browser.modules import script, script_of_parts

HERE = Path(__file__).parent
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
AT_ONCE = ("server/js/theme.js", "server/js/connection.js", "chat/js/copy.js")
PARTS = (
    "viewer/js/viewer.js",
    "gallery/js/gallery.js",
    "quiz/js/quiz.js",
    "server/js/tabs.js",
    "server/js/column_edge.js",
    "server/js/model_picker.js",
)
MONO_FONTS = ("ui-monospace", "SFMono-Regular", "Menlo", "monospace")


def theme() -> gr.themes.Base:
    """Choose calm greys and one blue."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.sky,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        spacing_size=gr.themes.sizes.spacing_sm,
        font=FONTS,
        font_mono=MONO_FONTS,
    ).set(
        body_background_fill="#f6f8fa",
        body_background_fill_dark="#0d1318",
        background_fill_primary_dark="#121a21",
        background_fill_secondary_dark="#18222b",
        block_background_fill_dark="#121a21",
        border_color_primary_dark="#2b3a46",
        body_text_color_dark="#e3ebf1",
        body_text_color_subdued_dark="#9db0bf",
        body_text_color_subdued="#51606d",
        block_shadow="none",
        button_secondary_background_fill_dark="#233240",
        button_secondary_background_fill_hover_dark="#2d4050",
        input_background_fill_dark="#1b2731",
    )


def css() -> str:
    """Read the rules of the whole page; viewer and gallery bring their own."""
    return (HERE / "page.css").read_text(encoding="utf-8")


def head() -> str:
    """Write what the head of the page gains: the theme, set before the first paint, word of a lost connection, how
    answers are copied, and the modules that the page's parts begin with."""
    return script(*AT_ONCE) + script_of_parts(*PARTS)
