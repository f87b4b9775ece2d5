"""Numbered evidence."""

from assistant.core.evidence import EvidenceLedger
from tests.assistant.planning.test_planner import R1, search_facts


def test_numbers_go_on_and_memory_is_bounded() -> None:
    ledger = EvidenceLedger(max_kept=5)
    for _ in range(12):
        ledger.begin_turn()
        ledger.add("measure_region", {"region_id": "R1"}, R1)
    assert len(ledger) == 5
    assert [e.number for e in ledger] == [8, 9, 10, 11, 12]
    assert ledger.get(3) is None
    ledger.forget()
    assert ledger.add("measure_region", {}, R1).number == 13


def test_evidence_belongs_to_its_turn_and_knows_its_lesions() -> None:
    ledger = EvidenceLedger()
    first = ledger.begin_turn()
    ledger.add("search_similar_lesions", {"region_id": "R1"}, search_facts({"region_id": "R1"}))
    ledger.begin_turn()
    ledger.add("measure_region", {"region_id": "R1"}, R1)
    assert [e.tool for e in ledger.of_turn(first)] == ["search_similar_lesions"]
    assert ledger.knows_lesion("P0001-S1-L01")
    assert not ledger.knows_lesion("P9999-S1-L01")
    assert '"lesion_id":"P0001-S1-L01"' in ledger.of_turn(first)[0].model_dump_json()
