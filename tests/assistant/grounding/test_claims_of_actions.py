"""What an answer says was done needs the result of that tool: of this turn, unless the sentence says earlier."""

from typing import get_args

import pytest

from assistant.core.evidence import EvidenceLedger
from assistant.grounding.checker import Checker
from assistant.wording.fact_answers import report_answer
from tests.assistant.grounding.test_checker import REGION, SEARCH, STATE
from tools.domain.facts import Facts, RegionsFound, ReportFacts, ReportFormat, SeriesSelected
from tools.domain.study import SafeFacts

REPORT = ReportFacts(format="html", file_name="report-1.html", regions=1, searches=1)
SWITCHED = SeriesSelected(facts=SafeFacts(modality="CT", slices=9, rows=64, columns=64), series=2, number=2)
FOUND = RegionsFound(regions=(REGION,))


def cut(sentence: str, now: tuple[Facts, ...] = (), before: tuple[Facts, ...] = ()) -> bool:
    """Whether a sentence is cut in a turn that brought `now`, after one that brought `before`."""
    ledger = EvidenceLedger()
    for turn in (before, now):
        ledger.begin_turn()
        for facts in turn:
            ledger.add("tool", {}, facts)
    return bool(Checker(ledger, STATE, turn=ledger.turn).check(sentence).unsupported)


CLAIMS = (
    ("I measured the lesion with the tool.", REGION),
    ("The lesion was measured.", REGION),
    ("Measured R1.", REGION),
    ("I have now taken the measurements.", REGION),
    ("Here are the hits.", SEARCH),
    ("I searched the atlas.", SEARCH),
    ("I ran a new search for R1.", SEARCH),
    ("I am searching the atlas.", SEARCH),
    ("The tool returned 4 hits.", SEARCH),
    ("I wrote the report.", REPORT),
    ("Your report is ready.", REPORT),
    ("The report has been written.", REPORT),
    ("I switched to the other series.", SWITCHED),
    ("The other series is on the screen now.", SWITCHED),
    ("I have outlined the lesion.", FOUND),
    ("I compared R1 with the closest case.", SEARCH),
    ("I looked it up in the atlas.", SEARCH),
    ("I used measure_region.", REGION),
    ("Done.", REPORT),
)


@pytest.mark.parametrize(("sentence", "facts"), CLAIMS)
def test_an_action_needs_its_evidence_in_this_turn(sentence: str, facts: Facts) -> None:
    assert cut(sentence)
    assert cut(sentence, before=(facts,))
    assert not cut(sentence, now=(facts,))


@pytest.mark.parametrize("sentence", [s for s, facts in CLAIMS if facts is REGION and "measure_region" not in s])
def test_evidence_of_another_tool_does_not_do(sentence: str) -> None:
    assert cut(sentence, now=(SEARCH, REPORT))


@pytest.mark.parametrize(
    "sentence", ["R1 was measured before.", "I searched the atlas earlier.", "R1 was measured (E1)."]
)
def test_what_was_done_earlier_may_be_said_to_be(sentence: str) -> None:
    assert not cut(sentence, before=(REGION, SEARCH))
    assert cut(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "I sent it to the ward.",
        "I have updated the list.",
        "I reviewed all images.",
        'measure_region(region_id="R1")',
        '{"name": "measure_region", "arguments": {"region_id": "R1"}}',
        'I will call measure_region(region_id="R1") now.',
    ],
)
def test_what_no_tool_does_is_cut_and_so_is_the_text_of_a_call(sentence: str) -> None:
    assert cut(sentence, now=(REGION, SEARCH, REPORT, SWITCHED, FOUND))


@pytest.mark.parametrize(
    "sentence",
    [
        "I have not measured it.",
        "No report was written.",
        "Nothing was searched.",
        "The region could not be measured.",
        "Shall I write the report?",
        "I can measure it, or search the atlas.",
        "Once I have searched, I can say.",
        "You measured it.",
        "Let me look.",
        "I took my best suggestion.",
    ],
)
def test_what_claims_no_action_stays(sentence: str) -> None:
    assert not cut(sentence)


@pytest.mark.parametrize("format", get_args(ReportFormat))
def test_what_is_said_of_a_report_stays(format: ReportFormat) -> None:
    facts = ReportFacts(format=format, file_name="lesion-search-report-2.dcm", regions=2, searches=1)
    assert not cut(report_answer(facts), now=(facts,))
