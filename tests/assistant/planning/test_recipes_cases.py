"""Own cases in the conversation: what is said of a case goes into the calls, and what is not said is asked for."""

import pytest

from assistant.core.requests import CaseWords, HitRef, RegionRef, Request
from assistant.planning.context import Call, Result
from assistant.planning.planner import plan_turn
from assistant.wording.tool_labels import finished
from tests.assistant.planning.test_planner import R1, R2, state
from tools.domain.facts import CaseChanged, CaseFacts, CasesFacts

CASES = tuple(CaseFacts(lesion_id=f"own-{n}", patient_key="p-0", lesion_type="cyst", has_note=False) for n in (1, 2, 3))
LIST = CasesFacts(statement="You have 3 own cases.", cases=CASES, total=3, own_cases=3)


def calls(request, now):
    """The calls that a request makes, each of them done, and the answer."""
    made, results = [], {}
    while isinstance(step := plan_turn([request], now, results), Call):
        made.append((step.name, step.args))
        done = CaseChanged(change="saved", lesion_id="own-1", lesion_type="cyst", statement=f"{step.name} is done.")
        results[step.key] = Result(LIST if step.name == "list_cases" else done)
    return made, step.text


def test_regions_are_saved_as_what_is_said():
    said = CaseWords("adrenal adenoma", "pathology", "hard")
    saved = {"lesion_type": "adrenal adenoma", "confirmed_by": "pathology", "difficulty": "hard"}
    made, text = calls(Request("save", case=said), state(R1))
    assert made == [("save_case", {"region_id": "R1", **saved})]
    assert text.startswith("save_case is done.")
    assert "note" not in text
    assert "not in the chat" in calls(Request("save", case=CaseWords("cyst", noted=True)), state(R1))[1]
    made, _ = calls(Request("save", case=CaseWords("cyst"), regions=(RegionRef("all"),)), state(R1, R2))
    assert made == [("save_case", {"region_id": name, "lesion_type": "cyst"}) for name in ("R1", "R2")]


@pytest.mark.parametrize(
    ("request_", "regions", "asked"),
    [
        (Request("save", case=CaseWords("cyst")), (), "no region"),
        (Request("save"), (R1,), "as which type"),
        (Request("edit"), (R1,), "change"),
        (Request("edit", case=CaseWords("cyst")), (R1,), "which of your cases"),
        (Request("delete_case"), (R1,), "which of your cases"),
    ],
)
def test_what_is_not_said_is_asked_for_and_nothing_is_done(request_, regions, asked):
    made, text = calls(request_, state(*regions))
    assert made == []
    assert asked in text.lower()


def test_cases_are_meant_by_their_id_or_by_their_place_in_the_list():
    by_id = Request("delete_case", hits=(HitRef("id", lesion_id="own-9"),))
    assert calls(by_id, state())[0] == [("delete_case", {"lesion_id": "own-9"})]
    for nth, lesion_id in ((2, "own-2"), (-1, "own-3")):
        made, _ = calls(Request("edit", nth=nth, case=CaseWords("cyst")), state())
        assert made == [("list_cases", {}), ("edit_case", {"lesion_id": lesion_id, "lesion_type": "cyst"})]
    made, text = calls(Request("delete_case", nth=4), state())
    assert made == [("list_cases", {})]
    assert text == LIST.statement


def test_the_list_is_of_the_kind_that_is_named_and_told_as_it_is():
    asked = Request("cases", types=("cyst",), case=CaseWords(confirmed_by="opinion"))
    made, text = calls(asked, state())
    assert made == [("list_cases", {"lesion_types": ["cyst"], "confirmed_by": "opinion"})]
    assert text == LIST.statement
    assert finished(LIST) == "Listed 3 own cases"
