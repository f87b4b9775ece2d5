"""The tools as a server of the Model Context Protocol, for a person's own assistant.

https://modelcontextprotocol.io. The tools, their limits and their JSON are those of the chat; what only a screen can
follow is left out, and what a screen is for, opening a case and pointing at a lesion, has tools of its own. Neither
pixels nor files leave, and nothing that identifies anybody: a tool's facts are all that is sent.
"""

import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import mcp.types as protocol
from anyio import to_thread
from langchain.tools import ToolRuntime
from mcp.server.lowlevel import Server
from pydantic import BaseModel, Field, ValidationError

from assistant.agent.assistant import MAX_QUESTION, Assistant
from encoder.errors import LesionSearchError
from tools import VERSION
from tools.agent_tools import TOOLS
from tools.domain.facts import Facts, RegionFacts, StudyFacts
from tools.domain.region import PixelBox, RegionError
from tools.domain.study import Study
from tools.workspace.session import Session, Workspace

# they need a screen, or write a file with pictures in it
LEFT_OUT = ("set_view", "write_report", "start_quiz", "give_hint")
INSTRUCTIONS = (
    "Find CT lesions similar to one that the person points at. Open a study first, then mark_region or find_regions, "
    "then search_similar_lesions. A research and teaching tool, not a diagnosis: say so, and cite lesions by their ids."
)
log = logging.getLogger(__name__)


class Open(BaseModel):
    """Open a study, which takes the place of the one before: its regions and searches are gone."""

    study: Annotated[str, Field(max_length=1000)]


class Mark(BaseModel):
    """Mark a lesion by a box on a slice, in image columns (x) and rows (y); slices count from 1. Measures it."""

    slice: Annotated[int, Field(ge=1, le=10**6)]
    x0: Annotated[int, Field(ge=0, le=10**5)]
    y0: Annotated[int, Field(ge=0, le=10**5)]
    x1: Annotated[int, Field(ge=0, le=10**5)]
    y1: Annotated[int, Field(ge=0, le=10**5)]


class Ask(BaseModel):
    """Ask this program's own assistant; every claim of its answer has been checked against the evidence beside it."""

    question: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)]


@dataclass
class Client:
    """What one connection works on."""

    workspace: Workspace
    assistant: Assistant


@dataclass(frozen=True)
class McpSetup:
    """What all connections share: how a workspace is made, and how a study is opened by its name.

    `opened_by` says which names there are, `model` is the one that answers `ask`.
    """

    workspace: Callable[[Session], Workspace]
    open_study: Callable[[str], Study]
    opened_by: str
    model: str
    first_study: Study | None = None


def build_server(setup: McpSetup) -> Server[Client]:
    """Build the server; each connection gets a session of its own, which is deleted when it ends."""

    @asynccontextmanager
    async def lifespan(server: Server[Client]) -> AsyncIterator[Client]:
        session = Session(Path(tempfile.mkdtemp(prefix="lesion-search-")))
        workspace = setup.workspace(session)
        try:
            if setup.first_study is not None:
                session.open(setup.first_study)
            yield Client(workspace, Assistant(workspace, setup.model))
        finally:
            session.close()

    server: Server[Client] = Server("lesion-search", VERSION, INSTRUCTIONS, lifespan=lifespan)
    tools = {tool.name: tool for tool in TOOLS if tool.name not in LEFT_OUT}
    own: dict[str, tuple[type[BaseModel], str]] = {
        "open_study": (Open, f"{Open.__doc__} {setup.opened_by}"),
        "mark_region": (Mark, Mark.__doc__ or ""),
        "ask": (Ask, Ask.__doc__ or ""),
    }

    @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def list_tools() -> list[protocol.Tool]:
        listed = [
            protocol.Tool(name=name, description=words, inputSchema=schema.model_json_schema())
            for name, (schema, words) in own.items()
        ]
        return listed + [
            protocol.Tool(name=name, description=tool.description, inputSchema=_schema(tool).model_json_schema())
            for name, tool in tools.items()
        ]

    @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator]
    async def call_tool(name: str, arguments: dict[str, Any]) -> protocol.CallToolResult:
        client = server.request_context.lifespan_context
        try:
            schema = own[name][0] if name in own else _schema(tools[name])
            asked = schema.model_validate(arguments)
            text = await to_thread.run_sync(_call, client, setup, tools.get(name), asked)
        except KeyError:
            return _refused(f"There is no tool {name[:60]!r}.")
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)[0]
            return _refused(f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}.")
        except LesionSearchError as error:
            return _refused(str(error))
        except Exception as error:  # a defect must not end the connection, nor tell of the machine
            log.exception("tool %s failed", name)
            return _refused(f"That step failed inside the program ({type(error).__name__}).")
        return protocol.CallToolResult(content=[protocol.TextContent(type="text", text=text)])

    return server


def _call(client: Client, setup: McpSetup, tool: Any, asked: BaseModel) -> str:
    """Run one tool, and return its facts as JSON."""
    session = client.workspace.session
    if isinstance(asked, Open):
        study = setup.open_study(asked.study)
        session.open(study)
        client.assistant.new_conversation()
        return _json(StudyFacts.of(study, session.series))
    if isinstance(asked, Mark):
        return _json(RegionFacts.of(_marked(session, asked), session.series))
    if isinstance(asked, Ask):
        answer = client.assistant.ask(asked.question)
        return answer.model_dump_json(exclude_none=True, exclude={"timing"})
    runtime = ToolRuntime(None, client.workspace, {}, lambda chunk: None, None, None)
    arguments = {field: getattr(asked, field) for field in type(asked).model_fields}
    text, _ = tool.func(runtime=runtime, **arguments)
    return str(text)


def _marked(session: Session, asked: Mark) -> Any:
    rows, columns = session.series.volume_hu.shape[1:]
    if asked.slice > session.series.volume_hu.shape[0]:
        raise RegionError(f"This series has slices 1 to {session.series.volume_hu.shape[0]}.")
    x0, y0, x1, y1 = asked.x0, asked.y0, min(asked.x1, columns), min(asked.y1, rows)
    if x0 >= x1 or y0 >= y1:
        raise RegionError("That box is empty or outside the image: x0 must be below x1, and y0 below y1.")
    return session.add_box(asked.slice - 1, PixelBox(x0, y0, x1, y1))


def _schema(tool: Any) -> type[BaseModel]:
    schema: type[BaseModel] = tool.tool_call_schema
    return schema


def _json(facts: Facts) -> str:
    return facts.model_dump_json(exclude_none=True)


def _refused(sentence: str) -> protocol.CallToolResult:
    return protocol.CallToolResult(content=[protocol.TextContent(type="text", text=sentence)], isError=True)
