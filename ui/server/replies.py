"""What a handler gives, as the page takes it.

Gradio makes a component and its description anew, twice, for each part that a reply leaves as it is: more work than
most replies are. What is complete already (`postprocess=False`) goes to the page as it is.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from gradio.components.chatbot import ChatbotDataMessages, Message, TextMessage
from gradio.data_classes import GradioRootModel


class Complete(GradioRootModel):
    """A reply that Gradio does not look into: `gr.skip()` or `gr.update(…)`."""

    root: dict[str, Any]


def complete(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let a handler, or one that yields, give what the page takes; for events with `postprocess=False`."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def each(*inputs: Any) -> Iterator[tuple[Any, ...]]:
            for outputs in handler(*inputs):
                yield tuple(map(_complete, outputs))

        return each

    @functools.wraps(handler)
    def once(*inputs: Any) -> tuple[Any, ...]:
        return tuple(map(_complete, handler(*inputs)))

    return once


def _complete(output: Any) -> Any:
    if isinstance(output, dict) and "__type__" in output:
        return Complete(output)
    if isinstance(output, list) and any(isinstance(each, gr.ChatMessage) for each in output):
        return ChatbotDataMessages([_message(each) for each in output])
    return output


def _message(message: gr.ChatMessage) -> Message:
    return Message(role=message.role, content=[TextMessage(text=str(message.content))], metadata=message.metadata)
