"""Checks of what an answer says was done: a tool must have brought it, in this turn or when the sentence says."""

import re
from collections.abc import Sequence

from assistant.grounding.claims import Claim
from assistant.grounding.sentence import Sentence
from tools.domain.facts import (
    CaseChanged,
    ComparisonFacts,
    Facts,
    RegionFacts,
    RegionRemoved,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    SeriesSelected,
)

# what was done -> the results of tools that show it
BROUGHT_BY: dict[str, tuple[type[Facts], ...]] = {
    "measure": (RegionFacts, RegionsFound, ComparisonFacts),
    "search": (SearchFacts,),
    "report": (ReportFacts,),
    "case": (CaseChanged, ReportFacts, RegionRemoved),  # "saved" and "deleted" are said of all three
    "compare": (ComparisonFacts, SearchFacts),  # a search compares with every lesion of the atlas
    "switch": (SeriesSelected,),
    "suggest": (RegionsFound,),
    "look up": (Facts,),
    "any": (Facts,),
    "none": (),  # no tool does it
    "call": (),  # the text of a call is no answer
}
_EARLIER = re.compile(r"\b(?:before|earlier|already|previous(?:ly)?|last (?:time|turn|search))\b")


def done(sentence: Sentence, claim: Claim) -> bool:
    """Check that a tool brought what is said to be done: in this turn, earlier where it says so, or in (E2)."""
    kind = claim.words[0]
    cited = [int(c.numbers[0].value) for c in sentence.claims if c.kind == "evidence"]
    known = sentence.known
    if cited:
        facts: Sequence[Facts] = known.facts_of(cited)
    else:
        facts = known.all_facts if _EARLIER.search(sentence.lower) else known.turn_facts
    if kind == "compare" and sum(isinstance(f, RegionFacts) for f in facts) > 1:
        return True  # regions of the study beside each other
    return any(isinstance(f, BROUGHT_BY[kind]) for f in facts)
