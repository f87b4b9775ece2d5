"""The utterances of the agent evaluation, and the installation they are played on."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from eval.assistant.conversations import Conversation, DemoInstallation, play, read_conversations
from tests.conftest import Demo
from tools.agent_tools import TOOLS

ALL = read_conversations()
TURNS = [turn for conversation in ALL for turn in conversation.turns]


def conversation(**fields: object) -> Conversation:
    return Conversation.model_validate({"id": "t", "voice": "terse", "split": "dev", **fields})


@pytest.fixture(scope="session")
def installation(demo: Demo) -> DemoInstallation:
    return DemoInstallation(demo.settings)


def test_there_are_enough_utterances_and_a_quarter_is_kept_for_the_test():
    # The split is of what was written first; the later sets were added only to tune on.
    by_split = Counter(c.split for c in ALL for _ in c.turns if not c.id.startswith(("second-", "third-")))
    assert sum(by_split.values()) >= 300
    assert 0.22 <= by_split["test"] / sum(by_split.values()) <= 0.28
    assert len({c.id for c in ALL}) == len(ALL)


def test_voices_vary_and_nothing_is_asked_twice_in_one_setting():
    assert {c.voice for c in ALL} >= {"resident", "radiologist", "student", "terse", "chatty", "non-native", "typos"}
    openings = Counter((c.turns[0].say, c.study, c.regions, c.selected) for c in ALL if len(c.turns) == 1)
    assert max(openings.values()) == 1


def test_every_tool_and_every_argument_is_asked_for():
    asked = {(name, arg) for t in TURNS for call in t.calls for name, args in call.items() for arg in (*args, "")}
    assert asked >= {(t.name, arg) for t in TOOLS for arg in (*t.args, "")}


def test_expected_calls_are_ones_the_tools_accept():
    schemas = {t.name: t.tool_call_schema for t in TOOLS}
    for turn in TURNS:
        for call in (call for calls in (turn.calls, *turn.or_calls) for call in calls):
            for name, args in call.items():
                assert set(args) <= set(next(t.args for t in TOOLS if t.name == name))
                filled = {k: "R1" if k == "region_id" and "{" in str(v) else v for k, v in args.items()}
                schemas[name].model_validate(filled)


def test_regions_are_clicked_and_the_named_one_is_selected(installation: DemoInstallation, tmp_path: Path):
    case = conversation(study="lung", regions=3, selected="R2", turn=[{"say": "?", "calls": []}])
    with installation.workspace(case, tmp_path / "a") as workspace:
        assert [r.region_id for r in workspace.session.regions()] == ["R1", "R2", "R3"]
        assert workspace.session.selected is not None
        assert workspace.session.selected.region_id == "R2"
    with installation.workspace(case.model_copy(update={"selected": "none"}), tmp_path / "b") as workspace:
        assert workspace.session.selected is None


def test_placeholders_become_ids_and_nothing_is_left_behind(installation: DemoInstallation, tmp_path: Path):
    case = conversation(
        study="liver",
        regions=2,
        turn=[
            {"say": "Similar lesions for R1.", "calls": [{"search_similar_lesions": {"region_id": "R1"}}]},
            {"say": "Compare with {atlas:bone:1}.", "calls": [{"compare_lesion": {"lesion_id": "{hit:2}"}}]},
            {"say": "Measure it.", "calls": [{"measure_region": {"region_id": "{bigger}"}}]},
        ],
    )
    first, second, third = play(case, installation, "offline", tmp_path / "session")
    hits = first.answer.evidence[0].facts.hits  # type: ignore[attr-defined]
    bone = next(x.lesion_id for x in installation.atlas.lesions() if x.lesion_type == "bone")
    assert second.question == f"Compare with {bone}."
    assert second.expected[0][0].args["lesion_id"] == hits[1].lesion_id
    sizes = {r.region_id: r.long_axis_mm or 0 for r in third.state.regions}
    assert third.expected[0][0].args["region_id"] == max(sizes, key=sizes.__getitem__)
    assert not (tmp_path / "session").exists()


def test_a_case_that_a_conversation_saves_is_in_no_other(demo: Demo, tmp_path: Path):
    shutil.copytree(demo.settings.data, tmp_path / "data")
    settings = demo.settings.model_copy(update={"data": tmp_path / "data", "own_cases": "on"})
    installation = DemoInstallation(settings)
    lesions, types = len(installation.atlas), installation.atlas.types()
    save = {"save_case": {"region_id": "R1", "lesion_type": "adrenal adenoma"}}
    case = conversation(study="liver", regions=1, turn=[{"say": "save this as an adrenal adenoma", "calls": [save]}])
    played = play(case, installation, "offline", tmp_path / "session")
    next(played)
    assert len(installation.atlas) == lesions + 1
    assert list(played) == []
    assert (len(installation.atlas), installation.atlas.types()) == (lesions, types)
