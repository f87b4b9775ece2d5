"""From a message to tool calls: the table of utterances, and what must hold for every one of them."""

from typing import Any

from assistant.core.evidence import EvidenceLedger
from assistant.core.patterns import split_sentences
from assistant.core.requests import FilterSpec, Request
from assistant.core.turn_state import PastSearch, ToolCallRecord, TurnState
from assistant.grounding.checker import Checker
from assistant.planning.context import Call, Reply, Result
from assistant.planning.planner import plan_turn
from assistant.understanding.message_reader import read_message
from tests.assistant import held_out, more_voices
from tests.assistant import utterances as said
from tests.assistant.facts import TYPES
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    HitFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    SeriesFacts,
    StudyFacts,
    VoteFacts,
)
from tools.domain.lesions import Filters
from tools.domain.study import SafeFacts

STUDY = SafeFacts(modality="CT", slices=40, rows=512, columns=512, row_spacing_mm=0.7, column_spacing_mm=0.7)


def region(region_id: str, long_mm: float) -> RegionFacts:
    return RegionFacts(
        region_id=region_id, slice=9, slices=40, origin="click", long_axis_mm=long_mm, short_axis_mm=0.7 * long_mm,
        area_mm2=90, mean_hu=50, sd_hu=10, min_hu=20, max_hu=90,
    )  # fmt: skip


R1, R2 = region("R1", 12.0), region("R2", 25.0)


def hits() -> tuple[HitFacts, ...]:
    rows = (("liver", 11.0, "F", 61), ("liver", 30.0, "M", 48), ("kidney", 9.0, "F", 83), ("liver", 14.0, "M", 55))
    return tuple(
        HitFacts(
            rank=n, lesion_id=f"P{n:04d}-S1-L{n:02d}", lesion_type=kind, similarity=0.9 - n / 50,
            patient_key=f"p-{n:012d}",
            sex=sex, age_years=age, long_axis_mm=size, short_axis_mm=0.8 * size,
        )
        for n, (kind, size, sex, age) in enumerate(rows, 1)
    )  # fmt: skip


def search_facts(args: dict[str, Any]) -> SearchFacts:
    known = {k: tuple(v) if isinstance(v, list) else v for k, v in args.items() if k in Filters.model_fields}
    return SearchFacts(
        region_id=args["region_id"], hits=hits(), confidence="moderate", candidates=100, atlas_size=612,
        votes=(VoteFacts(lesion_type="liver", probability=0.8), VoteFacts(lesion_type="kidney", probability=0.2)),
        filters=Filters(**known), asked_k=args.get("k", 10), duration_ms=3,
        synthetic_atlas=True, synthetic_study=True,
    )  # fmt: skip


def facts_of(call: Call) -> Facts:
    """What the tools would return."""
    args = call.args
    lesion = LesionFacts(lesion_id=str(args.get("lesion_id")), lesion_type="liver", patient_key="p-1", long_axis_mm=11)
    match call.name:
        case "search_similar_lesions":
            return search_facts(args)
        case "find_regions":
            found = (
                R1.model_copy(update={"origin": "suggested", "score": 0.9}),
                R2.model_copy(update={"origin": "suggested", "score": 0.4}),
            )
            return RegionsFound(regions=found[: args.get("max_regions", 2)])
        case "measure_region":
            return {"R1": R1, "R2": R2}[args["region_id"]]
        case "describe_study":
            return StudyFacts(facts=STUDY, series=1)
        case "describe_lesion":
            return lesion
        case "compare_lesion":
            return ComparisonFacts(region=R1, lesion=lesion, similarity=0.8, long_axis_difference_mm=1.0)
        case "describe_atlas":
            counts = (
                dict.fromkeys(TYPES, 10) if args.get("group_by", "lesion_type") == "lesion_type" else {"F": 40, "M": 40}
            )
            return AtlasFacts(
                name="a",
                group_by=args.get("group_by", "lesion_type"),
                counts=counts,
                total=80,
                patients=9,
                synthetic=True,
            )
        case "explain_lesion_type":
            return LessonFacts(lesion_type=args["lesion_type"], text="A text.", sources=("A source.",))
        case "write_report":
            return ReportFacts(format=args.get("format", "html"), file_name="report.html", regions=1, searches=1)
    raise AssertionError(call.name)


def state(*regions: RegionFacts, searched: dict[str, Any] | None = None, study: bool = True) -> TurnState:
    past, calls = (), ()
    if searched is not None:
        args = {"region_id": "R1", **searched}
        past = (PastSearch(evidence=1, args=args, facts=search_facts(args)),)
        calls = (ToolCallRecord(name="search_similar_lesions", args=args),)
    return TurnState(
        study=STUDY if study else None, regions=regions, selected="R1" if regions else None, searches=past,
        last_calls=calls,
        last_region="R1" if past else None, atlas_types=TYPES, atlas_size=612, atlas_synthetic=True,
    )  # fmt: skip


def run(message: str, start: TurnState) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """All calls of a turn, and its answer."""
    results: dict[str, Result] = {}
    made = []
    requests = read_message(message, start)
    for _ in range(20):
        step = plan_turn(requests, start, results)
        if isinstance(step, Reply):
            return made, step.text
        made.append((step.name, step.args))
        results[step.key] = Result(facts_of(step), evidence=len(made))
    raise AssertionError("the turn does not end")


def test_the_utterances_lead_to_their_calls() -> None:
    """A trained reader is right in its share: those that it misreads change with its weights."""
    tables = [
        *((message, state(R1), calls) for message, calls in (*said.MARKED, *held_out.MARKED, *more_voices.MARKED)),
        *((message, state(R1, searched=before), calls)
          for before, message, calls in (*said.SEARCHED, *held_out.SEARCHED, *more_voices.SEARCHED)),
        *((message, state(R1, R2), calls) for message, calls in (*said.TWO, *more_voices.TWO)),
        *((message, state(), calls) for message, calls in said.BARE),
    ]  # fmt: skip
    misread = [message for message, start, calls in tables if run(message, start)[0] != calls]
    assert len(misread) <= 0.03 * len(tables), misread


def test_every_applied_filter_is_said_back() -> None:
    for message, expected in [*said.MARKED, *held_out.MARKED]:
        calls, text = run(message, state(R1))
        if not expected or calls[-1][0] != "search_similar_lesions":
            continue
        args = calls[-1][1]
        for kind in args.get("lesion_types", []) if len(args.get("lesion_types", [])) < 5 else []:
            assert kind in text, message
        for name, word in (("sex", {"F": "women", "M": "men"}.get(args.get("sex", ""), "")),):
            assert name not in args or word in text, message
        for name in ("min_age", "max_age", "min_size_mm", "max_size_mm"):
            assert name not in args or f"{args[name]:g}" in text, message


def test_no_answer_of_the_table_holds_an_unsupported_claim() -> None:
    for message, _ in [*said.MARKED, *held_out.MARKED, *said.BARE]:
        start = state(R1)
        ledger = EvidenceLedger()
        ledger.begin_turn()
        results: dict[str, Result] = {}
        requests = read_message(message, start)
        while isinstance(step := plan_turn(requests, start, results), Call):
            facts = facts_of(step)
            results[step.key] = Result(facts, evidence=ledger.add(step.name, step.args, facts).number)
        checker = Checker(ledger, start, message)
        for sentence in split_sentences(step.text):
            assert checker.check(sentence).unsupported == (), (message, sentence)


def test_a_plane_that_no_series_has_is_cut_from_the_one_on_the_screen():
    asked = plan_turn([Request("select_series", topic="coronal")], state(R1), {})
    assert (asked.name, asked.args) == ("set_view", {"planes": ["coronal"]})
    of_two = state(R1).model_copy(
        update={"series": tuple(SeriesFacts(number=n, slices=9, modality="CT", plane=p) for n, p in
                                ((1, "axial"), (2, "coronal")))}
    )  # fmt: skip
    asked = plan_turn([Request("select_series", topic="coronal")], of_two, {})
    assert (asked.name, asked.args) == ("select_series", {"series": 2})


def test_hits_are_counted_by_age_and_size_too() -> None:
    def told(**wanted: Any) -> str:
        step = plan_turn([Request("count_hits", FilterSpec(**wanted))], state(R1, searched={}), {})
        assert isinstance(step, Reply)
        return step.text

    assert told(min_age=61) == "2 of the 4 hits for R1 are aged 61 or over."
    assert told(max_size_mm=10) == "1 of the 4 hits for R1 is of a long axis of 10 mm or under."
    assert told(sex="F", min_age=50, max_age=70) == (
        "2 of the 4 hits for R1 are women. 2 of the 4 hits for R1 are aged 50 to 70."
    )


def test_a_filter_without_a_limit_is_told_beside_those_that_have_one() -> None:
    request = Request("search", FilterSpec(sex="F"), unclear="small")
    searched = Call("search_similar_lesions", {"region_id": "R1", "sex": "F"})
    results = {searched.key: Result(search_facts(searched.args), evidence=1)}
    assert "What counts as small here?" in plan_turn([request], state(R1), results).text  # type: ignore[union-attr]
