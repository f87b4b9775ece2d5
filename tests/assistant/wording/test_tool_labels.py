"""The steps shown while a turn runs."""

from assistant.wording.tool_labels import finished, started
from tests.assistant.planning.test_planner import R1, search_facts


def test_steps_read_like_sentences() -> None:
    assert started("search_similar_lesions", {"region_id": "R1", "sex": "F"}) == "Searching lesions like R1: women"
    assert (
        finished(search_facts({"region_id": "R1", "sex": "F"})) == "Searched 100 of 612 lesions for R1, women: 4 hits"
    )
    assert finished(R1) == "Measured R1: 12 × 8.4 mm, 50 HU"
    assert started("search_similar_lesions", {"region_id": "R1", "sex": {"a": 1}}).startswith("Searching")
