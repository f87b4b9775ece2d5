"""How the page looks: system fonts only, dark until the person asks for light, nothing fetched from elsewhere."""

from pathlib import Path

import gradio as gr

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MONO_FONTS = ("ui-monospace", "SFMono-Regular", "Menlo", "monospace")

# before the first paint, so that a dark room stays dark
HEAD = """
<script>
  (() => {
    const KEY = "lesion-search-theme";
    const wanted = () => { try { return localStorage.getItem(KEY) || "dark"; } catch { return "dark"; } };
    const show = () => document.body && document.body.classList.toggle("dark", wanted() === "dark");
    document.documentElement.style.background = wanted() === "dark" ? "#0d1318" : "#f6f8fa";
    const start = () => {
      show();
      new MutationObserver(() => { if (document.body.classList.contains("dark") !== (wanted() === "dark")) show(); })
        .observe(document.body, { attributes: true, attributeFilter: ["class"] });
    };
    if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
    document.addEventListener("click", (event) => {
      if (!event.target.closest || !event.target.closest("#theme-button")) return;
      try { localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark"); } catch { return; }
      document.documentElement.style.background = wanted() === "dark" ? "#0d1318" : "#f6f8fa";
      show();
    });
  })();
</script>
"""


def theme() -> gr.themes.Base:
    """Calm greys and one blue."""
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
    )


def css() -> str:
    """The rules of the whole page; viewer and gallery bring their own."""
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
