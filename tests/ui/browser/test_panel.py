"""A panel is Gradio's HTML, but for how it finds its events."""

import gradio as gr
import pytest

from ui.browser.panel import Panel

SCRIPT = "const it = 'don\\'t'; trigger(\"open\", it); trigger('act'); watch(`value`, () => {})"


def test_it_has_the_events_that_its_script_names_and_no_others() -> None:
    with gr.Blocks() as page:
        panel = Panel(None, js_on_load=SCRIPT)
        panel.open(lambda: None)
        panel.act(lambda: None)
        with pytest.raises(AttributeError, match="no such event"):
            panel.close(lambda: None)
    assert [function.targets[0][1] for function in page.fns.values()] == ["open", "act"]


def test_its_browser_is_told_what_it_would_be_told_of_gradios_own() -> None:
    made = [kind("<p></p>", js_on_load=SCRIPT, elem_id="x", samples=[1]).get_config() for kind in (Panel, gr.HTML)]
    assert {name for name in made[0] if made[0][name] != made[1].get(name)} == {"component_class_name", "name"}
