"""The component that our modules draw into."""

import re
from functools import lru_cache
from typing import Any

import gradio as gr

from gradio.events import Dependency

class Panel(gr.HTML):
    """A gr.HTML that looks for its events in its script once. Gradio looks at every attribute that is not there, which
    for scripts of 100 KB was most of what a new page cost the server."""

    def __getattr__(self, name: str) -> Any:
        """Give the listener of an event. Raises AttributeError for what the script does not name."""
        if name not in _quoted(self.__dict__.get("js_on_load") or ""):
            raise AttributeError(f"a panel has no {name!r}, and its script fires no such event")
        return super().__getattr__(name)
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component


@lru_cache(maxsize=16)
def _quoted(script: str) -> frozenset[str]:
    """List the words that stand in quotes."""
    return frozenset(re.findall(r"""['"`](?=(\w+)['"`])""", script))