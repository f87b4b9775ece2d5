"""The next questions offered below an answer."""

from collections.abc import Sequence

from assistant.core.turn_state import TurnState
from assistant.wording.phrases import SEX_NOUN, SEX_PLURAL


def next_questions(state: TurnState, tools: Sequence[str]) -> tuple[str, ...]:
    """Suggest up to three next questions that fit the state, given the tools the last turn called."""
    if state.study is None:
        return ("What is in the atlas?", "Explain liver lesions", "What can you do?")
    search = state.searches[0].facts if state.searches else None
    if search is None or not search.hits:
        mark = ("What does this look like?",) if state.regions else ("Suggest regions",)
        return (*mark, "Describe the study", "What is in the atlas?")
    leader = search.votes[0].lesion_type if search.votes and search.confidence != "none" else None
    mixed = any(h.lesion_type != leader for h in search.hits)
    ideas = ["Compare with the closest"] if "compare_lesion" not in tools else ["Describe the second hit"]
    if leader and mixed and not search.filters.lesion_types:
        ideas.append(f"Only {leader}")
    elif leader and "explain_lesion_type" not in tools:
        ideas.append(f"Explain {leader} lesions")
    if state.study.sex in SEX_NOUN and not search.filters.sex:
        ideas.append(f"Only {SEX_PLURAL[state.study.sex]}")
    ideas += ["Why?", "Write a report"]
    return tuple(ideas[:3])
