"""The next questions offered below an answer."""

from assistant.wording.fixed_sentences import next_questions
from tests.assistant.planning.test_planner import R1, state


def test_the_next_questions_fit_the_state() -> None:
    assert next_questions(state(study=False), [])[0] == "What is in the atlas?"
    assert next_questions(state(), []) == ("Suggest regions", "Describe the study", "What is in the atlas?")
    assert "Compare with the closest" in next_questions(state(R1, searched={}), ["search_similar_lesions"])
