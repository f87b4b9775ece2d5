"""Names and arguments of the tools are a contract, and the schema keeps bad arguments out."""

import json

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage

from tests.conftest import open_case
from tools.agent_tools import TOOLS
from tools.domain.facts import Facts
from tools.workspace.session import Workspace

CONTRACT = {
    "describe_study": set(),
    "select_series": {"series"},
    "find_image": {"image_number", "slice"},
    "find_regions": {"max_regions"},
    "measure_region": {"region_id"},
    "search_similar_lesions": {
        "region_id",
        "k",
        "lesion_types",
        "sex",
        "min_age",
        "max_age",
        "min_size_mm",
        "max_size_mm",
        "scope",
    },
    "describe_lesion": {"lesion_id"},
    "compare_lesion": {"region_id", "lesion_id"},
    "describe_atlas": {"group_by"},
    "explain_lesion_type": {"lesion_type"},
    "write_report": {"format"},
}


class Scripted(GenericFakeChatModel):
    """Says what the test tells it to say."""

    def bind_tools(self, tools, **kwargs):
        return self


def call(workspace: Workspace, name: str, **args) -> ToolMessage:
    """One tool call through a real agent."""
    messages = iter([AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}]), AIMessage("done")])
    agent = create_agent(Scripted(messages=messages), list(TOOLS), context_schema=Workspace)
    state = agent.invoke({"messages": [("user", "go")]}, context=workspace, config={"recursion_limit": 8})
    return next(message for message in state["messages"] if isinstance(message, ToolMessage))


@pytest.fixture
def looking(workspace, demo):
    case = demo.case("lung")
    open_case(workspace, case, demo)
    workspace.session.add_click(case.slice - 1, *case.centre)
    return workspace


def test_names_and_arguments_are_the_contract():
    assert {t.name: set(t.tool_call_schema.model_json_schema().get("properties", {})) for t in TOOLS} == CONTRACT


def test_every_tool_explains_itself():
    assert all(len(t.description) > 40 for t in TOOLS)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("describe_study", {}),
        ("select_series", {"series": 1}),
        ("find_image", {"slice": 2}),
        ("find_regions", {"max_regions": 2}),
        ("measure_region", {"region_id": "R1"}),
        ("search_similar_lesions", {"region_id": "R1", "k": 3, "sex": "F", "min_age": 40}),
        ("describe_lesion", {"lesion_id": "LESION"}),
        ("compare_lesion", {"region_id": "R1", "lesion_id": "LESION"}),
        ("describe_atlas", {"group_by": "sex"}),
        ("explain_lesion_type", {"lesion_type": "lung"}),
        ("write_report", {"format": "json"}),
    ],
)
def test_the_model_reads_the_facts_as_json(looking, demo, name, args):
    args = {key: demo.case("bone").lesion_id if value == "LESION" else value for key, value in args.items()}
    message = call(looking, name, **args)
    assert message.status == "success"
    assert isinstance(message.artifact, Facts)
    assert json.loads(message.content) == json.loads(message.artifact.model_dump_json(exclude_none=True))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("measure_region", {"region_id": "../../etc/passwd"}),
        ("search_similar_lesions", {"region_id": "R1", "k": 5000}),
        ("search_similar_lesions", {"region_id": "R1", "sex": "woman"}),
        ("search_similar_lesions", {"region_id": "R1", "min_age": -4}),
        ("search_similar_lesions", {"region_id": "R1", "scope": "everyone"}),
        ("describe_atlas", {"group_by": "patient_key"}),
        ("write_report", {"format": "exe"}),
    ],
)
def test_arguments_outside_the_schema_never_reach_a_tool(looking, name, args):
    message = call(looking, name, **args)
    assert message.status == "error"
    assert message.artifact is None
