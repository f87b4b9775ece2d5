"""The tools over the Model Context Protocol, asked by the package's own client."""

import asyncio
import json
import os
import shutil
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pydicom
import pytest

pytest.importorskip("mcp")

import mcp.types as protocol
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client

from tests.conftest import REPO, in_a_thread

MARK = "XYZZYMARK"


@pytest.fixture
def marked(demo, tmp_path) -> Path:
    """A case whose every identifying tag is marked."""
    folder = tmp_path / "marked"
    folder.mkdir()
    for number, file in enumerate(sorted(p for p in demo.case("liver").folder.rglob("*") if p.is_file())):
        data = pydicom.dcmread(file)
        for tag in ("PatientName", "PatientID", "StudyDescription", "SeriesDescription", "InstitutionName",
                    "ReferringPhysicianName", "AccessionNumber", "PatientComments", "ImageComments"):  # fmt: skip
            setattr(data, tag, f"{MARK}{tag}"[:16])
        data.save_as(folder / f"{number}.dcm")
    return folder


@asynccontextmanager
async def by_stdio(data: Path, path: Path | None = None):
    command = ["-m", "ui.cli.main", "mcp", *([str(path)] if path else [])]
    environment = {**os.environ, "LESION_SEARCH_DATA": str(data), "LESION_SEARCH_MODEL": "offline"}
    server = StdioServerParameters(command=sys.executable, args=command, env=environment, cwd=REPO)
    async with stdio_client(server) as (received, sent), ClientSession(received, sent) as session:
        await session.initialize()
        yield session


async def told(session: ClientSession, name: str, **arguments):
    """Call a tool; its JSON, or the sentence of its refusal."""
    result = await session.call_tool(name, arguments)
    assert [type(part) for part in result.content] == [protocol.TextContent]
    text = result.content[0].text
    return text if result.isError else json.loads(text)


def test_a_client_opens_a_case_finds_similar_lesions_and_keeps_one(demo, marked, tmp_path):
    case = demo.case("liver")
    x0, y0, x1, y1 = case.box
    data = tmp_path / "data"  # of its own: something is saved there
    shutil.copytree(demo.settings.data, data)

    async def talk() -> list:
        heard: list = []
        async with by_stdio(data) as session:
            names = {tool.name for tool in (await session.list_tools()).tools}
            assert {"open_study", "mark_region", "ask", "search_similar_lesions", "save_case"} <= names
            assert not {"write_report", "set_view"} & names
            heard.append(await told(session, "describe_study"))
            heard.append(await told(session, "open_study", study=str(marked)))
            heard.append(await told(session, "mark_region", slice=case.slice, x0=x0, y0=y0, x1=x1, y1=y1))
            found = await told(session, "search_similar_lesions", region_id="R1", k=5)
            heard.append(found)
            assert len(found["hits"]) == 5
            heard.append(await told(session, "search_similar_lesions", region_id="R1", k=10**6))
            heard.append(await told(session, "search_similar_lesions", region_id="R9"))
            heard.append(await told(session, "open_study", study=str(tmp_path / "nowhere")))
            heard.append(await told(session, "no_such_tool"))
            saved = await told(session, "save_case", region_id="R1", lesion_type="marked type", confirmed_by="opinion")
            heard.append(saved)
            again = await told(session, "search_similar_lesions", region_id="R1", k=5, scope="all")
            assert {h["lesion_id"]: h["atlas"] for h in again["hits"]}[saved["lesion_id"]] == "own cases"
            answer = await told(session, "ask", question="What does R1 look like?")
            assert answer["grounding"]["claims"] > 0
            assert not answer["grounding"]["unsupported"]
            heard.append(answer)
            heard.append(await told(session, "delete_case", lesion_id=saved["lesion_id"]))
        return heard

    heard = in_a_thread(talk())
    assert isinstance(heard[0], str)
    assert "No study is open" in heard[0]
    assert all(isinstance(heard[i], str) for i in (4, 5, 6, 7))
    assert "less than or equal to 50" in heard[4]
    assert "There is no region R9" in heard[5]
    everything = json.dumps(heard)
    assert MARK not in everything
    assert all(len(part) < 20_000 for part in map(json.dumps, heard))  # facts, no pixels


def test_the_page_answers_at_mcp_only_where_that_is_asked_for_and_each_client_has_its_own_session(demo, shelf):
    import socket
    import threading

    import uvicorn

    from ui.server.app import build_app

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = build_app(demo.settings.model_copy(update={"mcp": True}))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()

    @asynccontextmanager
    async def connected():
        async with (
            streamablehttp_client(f"http://127.0.0.1:{port}/mcp/") as (received, sent, _),
            ClientSession(received, sent) as session,
        ):
            await session.initialize()
            yield session

    async def talk() -> None:
        while not server.started:
            await asyncio.sleep(0.05)
        async with connected() as one, connected() as other:
            opened = await told(one, "open_study", study=shelf.samples[0].sample_id)
            assert opened["facts"]["modality"] == "CT"
            regions = await told(one, "find_regions", max_regions=2)
            found = await told(one, "search_similar_lesions", region_id=regions["regions"][0]["region_id"], k=3)
            assert len(found["hits"]) == 3
            assert "No study is open" in await told(other, "describe_study")
            assert "no such sample" in await told(other, "open_study", study="/etc/passwd")

    try:
        in_a_thread(talk())
    finally:
        server.should_exit = True
        thread.join()


def test_without_being_asked_for_there_is_no_mcp(client):
    assert client.post("/mcp/", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).status_code in (404, 405)


def test_beside_a_login_it_is_refused(demo):
    from ui.server.app import build_app
    from ui.state.visit import VisitError

    with pytest.raises(VisitError, match="login"):
        build_app(demo.settings.model_copy(update={"mcp": True}), "user:secret")
