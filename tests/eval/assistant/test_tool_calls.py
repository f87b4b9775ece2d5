"""How turns of the agent evaluation are judged, counted and shown."""

from typing import Any

import pytest

from assistant.core.events import Answer
from assistant.core.turn_state import ToolCallRecord, TurnState
from eval.assistant.conversations import Conversation, DemoInstallation, Played, read_conversations
from eval.assistant.tool_calls import comparable, judged, numbered, run, to_markdown, unsaid_filters
from tests.conftest import Demo

TYPES = ("abdomen", "bone", "kidney", "liver", "lung", "mediastinum", "pelvis", "soft tissue")
SEARCH = "search_similar_lesions"


def call(name: str = SEARCH, **args: Any) -> ToolCallRecord:
    if name == SEARCH:
        args = {"region_id": "R1", **args}
    return ToolCallRecord(name=name, args=args)


def played(
    got: list[ToolCallRecord], expected: list[list[ToolCallRecord]], answer: str = "Done.", **turn: Any
) -> Played:
    case = Conversation.model_validate(
        {"id": "c", "voice": "terse", "split": "dev", "turn": [{"say": "?", "kind": "k", "calls": [], **turn}]}
    )
    return Played(
        case,
        case.turns[0],
        "?",
        tuple(map(tuple, expected)),
        Answer(answer=answer, tool_calls=tuple(got)),
        TurnState(atlas_types=TYPES),
        (),
        (),
        number=1,
    )


def test_calls_that_mean_the_same_are_the_same():
    a = call(lesion_types=["liver", "Lung"], max_size_mm=20, k=10, scope="cross-patient", sex=None)
    b = call(region_id="r1", lesion_types=["lung", "liver"], max_size_mm=20.0)
    assert comparable(a) == comparable(b)
    assert comparable(call("describe_atlas")) == comparable(call("describe_atlas", group_by="lesion_type"))


@pytest.mark.parametrize(
    "other", [{"sex": "M"}, {"k": 5}, {"lesion_types": ["liver"]}, {"scope": "all"}, {"min_age": 60}]
)
def test_calls_that_mean_another_thing_differ(other: dict[str, Any]):
    assert comparable(call(**other)) != comparable(call(sex="F"))


def test_order_of_calls_counts_and_alternatives_are_right():
    measure, search = call("measure_region", region_id="R1"), call()
    assert judged(1, played([measure, search], [[measure, search]])).right
    assert not judged(1, played([search, measure], [[measure, search]])).right
    assert judged(1, played([], [[search], []])).right


@pytest.mark.parametrize(
    ("args", "answer"),
    [
        ({"lesion_types": ["liver"]}, "I searched 12 of 100 atlas lesions: only liver."),
        ({"lesion_types": [t for t in TYPES if t != "liver"]}, "I searched everything but liver."),
        ({"sex": "F"}, "I looked at women only."),
        ({"min_age": 61}, "Patients over 60."),
        ({"min_age": 60, "max_age": 69}, "Aged 60 to 69."),
        ({"max_size_mm": 20}, "Long axis 2 cm or under."),
        ({"min_size_mm": 10, "max_size_mm": 20}, "Long axis 10 to 20 mm."),
        ({"scope": "all"}, "All patients, this one included."),
        ({"scope": "same-patient"}, "This patient only."),
    ],
)
def test_a_filter_said_back_is_heard(args: dict[str, Any], answer: str):
    assert not unsaid_filters(call(**args), played([call(**args)], [[]], answer))
    assert set(unsaid_filters(call(**args), played([call(**args)], [[]], "Here they are."))) == set(args)


def test_a_type_named_only_among_the_hits_is_not_said_back():
    args = {"lesion_types": ["liver"]}
    answer = "It most resembles liver: 80% of the vote.\n- [L1] liver, 12 mm."
    assert unsaid_filters(call(**args), played([], [[]], answer)) == ["lesion_types"]


def test_a_wrong_filter_is_harmful_only_where_it_is_hidden():
    got, wanted = [call(sex="F", max_age=60)], [[call(sex="F")]]
    hidden = judged(1, played(got, wanted, "I searched women."))
    shown = judged(1, played(got, wanted, "I searched women aged 60 or under."))
    assert hidden.wrong == shown.wrong == ("max_age",)
    assert hidden.harmful == ("max_age",)
    assert shown.harmful == ()


def test_a_filter_that_was_not_applied_is_told():
    assert judged(1, played([call()], [[call(sex="F", min_age=61)]])).ignored == ("min_age", "sex")


def test_answers_are_checked_for_what_they_must_and_must_not_say():
    faults = judged(1, played([], [[]], "It is cancer.", declines=True, never=["is cancer"], says=["study"])).faults
    assert len(faults) == 3
    assert judged(1, played([], [[]], "Which one?", asks=True)).faults == ()
    assert judged(1, played([], [[]], "Which one.", asks=True)).faults


def test_a_claim_out_of_nothing_is_unsupported():
    assert judged(1, played([], [[]], "The lesion measures 12.3 mm.")).unsupported
    assert not judged(1, played([], [[]], "*(1 sentence without evidence was removed.)*")).unsupported


def test_a_small_run_counts_every_turn(demo: Demo):
    cases = [c for c in read_conversations("dev") if c.id in ("follow-up-09", "teach-04", "no-study-02")]
    report = run("offline", installation=DemoInstallation(demo.settings), conversations=cases)
    assert len(report.turns) == sum(len(c.turns) for c in cases)
    assert report.exact("dev").total == len(report.turns)
    assert report.exact("test").total == 0
    assert {t.turn for t in report.turns} == set(range(1, 1 + max(len(c.turns) for c in cases)))
    text = to_markdown(report)
    assert f"({report.exact().right}/{len(report.turns)}; " in text
    for turn in report.turns:
        assert (turn.question in text.partition("Failures")[2]) == bool(not turn.right or turn.harmful or turn.faults)


def test_turns_are_numbered_within_their_conversation():
    a, b = played([], [[]]), played([], [[]])
    object.__setattr__(b, "conversation", b.conversation.model_copy(update={"id": "d"}))
    assert [n for n, _ in numbered([a, a, b])] == [1, 2, 1]
