"""The events of a page as Gradio takes them: of whose page, for which handler, with as many values as that expects."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import QueryParams
from starlette.types import Message, Receive, Scope

HEARTBEAT = "/gradio_api/heartbeat/"
EVENTS = ("/gradio_api/queue/join", "/gradio_api/run/predict")
CANCEL = "/gradio_api/cancel"

Page = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]


class EventError(Exception):
    """What was sent is no event of this page."""


class _Event(BaseModel):
    session_hash: Page
    fn_index: int
    data: list[Any]


class _Cancel(BaseModel):
    session_hash: Page


async def page_of(scope: Scope, receive: Receive, inputs: Mapping[int, int]) -> tuple[str | None, Receive]:
    """Name the page that a request is about, None where it is about none; and give what reads its body again.

    `inputs` has the number of values that each handler takes. Raises EventError.
    """
    path = scope["path"]
    if path.startswith(HEARTBEAT):
        return str(path.removeprefix(HEARTBEAT)).strip("/"), receive
    if path in EVENTS or path == CANCEL:
        body = await _body(receive)
        try:
            if path == CANCEL:
                return _Cancel.model_validate_json(body).session_hash, _again(body, receive)
            event = _Event.model_validate_json(body)
        except (ValidationError, RecursionError) as error:
            raise EventError from error
        if inputs.get(event.fn_index) != len(event.data):
            raise EventError
        return event.session_hash, _again(body, receive)
    return QueryParams(scope["query_string"]).get("session_hash"), receive


async def _body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise EventError
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def refusal(text: str) -> bytes:
    """Write a sentence as Gradio's pages expect one."""
    return json.dumps({"detail": text, "error": text}).encode()
