"""Claims that something was done: measured, searched, compared, written, switched, looked up; read, and checked.

A claim names the kinds of tool results of which one must be there. What is announced, asked, denied, or said of the
user claims nothing. A verb of the first person that no tool stands for ("I sent it to the ward") is a claim too.
"""

import re
from collections.abc import Iterator, Sequence

from assistant.grounding.claims import MASK, Claim, MaskedSentence
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

# what was done -> its verbs, past and in progress, and its nouns behind "here is", "I ran", …
_VERBS: dict[str, str] = {
    "measure": r"(?:re-?)?measured|measuring|sized|calculated|calculating|computed|computing",
    "search": r"(?:re-?)?search(?:ed|ing)|queried|querying|retrieved|retrieving|looked for|returned|yielded",
    "report": r"written|wrote|writing|exported|exporting|generated|generating|created|creating|produced"
              r"|prepared|preparing|drafted",
    "case": r"saved|saving|stored|storing|deleted|deleting|edited|editing|relabel?led|reclassified",
    "compare": r"compared|comparing|contrasted|(?:put|set|laid|placed)(?= .*\b(?:side by side|beside)\b)",
    "switch": r"switched|switching|opened|opening|changed to|changing to|brought up|loaded|loading",
    "suggest": r"outlined|outlining|segmented|segmenting|marked|marking|suggested|suggesting|proposed|detected"
               r"|detecting|drew|drawn|highlighted|located|annotated",
    "look up": r"look(?:ed|ing) (?:\w+ |\x00+ ){0,3}up|pulled up|fetched|fetching|consulted|consulting|checked"
               r"|checking|counted|found",
}  # fmt: skip
_NOUNS: dict[str, str] = {
    "measure": r"measurements?|measures|dimensions",
    "search": r"hits|results|matches|search(?:es)?|look-?alikes|neighbou?rs"
              r"|(?:similar|matching|closest|nearest|retrieved) (?:lesions|cases|ones)",
    "report": r"reports?|(?:html|json|sr|pdf) (?:report|file)",
    "compare": r"comparisons?",
    "suggest": r"suggestions?|outlines?|segmentations?|(?:marked|suggested|candidate) regions?",
    "switch": r"(?:other|next|previous|prior|requested|coronal|axial|sagittal) (?:series|study|scan)",
}  # fmt: skip
_PHRASES: dict[str, str] = {
    "measure": r"\b(?:took|taken) (?:\w+ ){0,2}measurements?\b",
    "search": r"\bthe search (?:\w+ \x00+ |for \x00+ )?(?:returned|found|gave|brought|yielded)\b",
    "switch": r"\bon the screen now\b|\bnow (?:showing|shows|on the screen|displayed)\b",
    "any": r"^\W*(?:(?:it is |it's |all |that is )?(?:done|finished|completed)|task complete\w*)\b",
}
TOOLS: dict[str, str] = {
    "measure_region": "measure", "search_similar_lesions": "search", "write_report": "report",
    "compare_lesion": "compare", "select_series": "switch", "find_regions": "suggest", "find_image": "look up",
    "set_view": "switch", "remove_region": "switch", "accept_region": "switch", "measure_distance": "measure",
    "describe_densities": "measure", "measure_volume": "measure", "read_density": "look up",
    "rename_region": "switch", "undo_change": "switch",
    "describe_lesion": "look up", "describe_atlas": "look up", "describe_study": "look up",
    "explain_lesion_type": "look up",
    "save_case": "case", "list_cases": "look up", "edit_case": "case", "delete_case": "case",
    "start_quiz": "look up", "give_hint": "look up", "reveal_truth": "look up",
}  # fmt: skip
_BY_VERB = tuple((kind, re.compile(rf"\b(?:{verbs})\b", re.IGNORECASE)) for kind, verbs in _VERBS.items())
_CARRIED_OUT = r"(?:ran|run|did|made|performed|completed|finished|carried out)"
_SHOWN = tuple(
    (
        kind,
        re.compile(
            rf"\b(?:here (?:is|are|come|comes)|(?:below|above|these) (?:is|are)|(?:i )?(?:re-?)?{_CARRIED_OUT})"
            rf" (?:\w+ |\x00+ |\d+ ){{0,3}}?(?:{nouns})\b"
            rf"|(?:^|\b(?:the|your|a|both) )(?:\w+ ){{0,2}}?(?:{nouns}) (?:is|are|was|were|has been|have been)"
            rf" (?:now )?(?:ready|done|complete|attached|below|available|{_CARRIED_OUT})\b",
            re.IGNORECASE,
        ),
    )
    for kind, nouns in _NOUNS.items()
) + tuple((kind, re.compile(phrases, re.IGNORECASE)) for kind, phrases in _PHRASES.items())
_TOOL = re.compile(rf"\b(?:{'|'.join(TOOLS)})\b")
_CALL = re.compile(rf"\b(?:{'|'.join(TOOLS)})\b[\"'`]?\s*[({{,]|[\"'](?:arguments|parameters|tool_calls?)[\"']\s*:")
# the last of these before a verb tells who did it; none at all is the elliptic "Measured R1."
_WHO = re.compile(
    r"\b(?P<own>i|we|(?:the |this )?(?:tool|program|assistant|software|system|app)|lesion search)\b"
    r"|\b(?P<other>you|they|he|she|who|patients?|users?|can|could|to|shall|would|should|will|may|might|let"
    r"|(?P<open>when|if|once|until|after|before|unless|whether))\b|\b(?:your|which|that|it)\b"
    r"|\b(?P<passive>was|were|been|is|are|being)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|never|no|none|nothing|nobody|cannot|unable|without|failed)\b|n['’]t\b", re.IGNORECASE)
_FIRST_PERSON = re.compile(
    r"\b(?:i|we)(?: have|['’]ve)?(?: (?:now|also|just|then|already|successfully|carefully|first))*"
    r" (?P<verb>\w+ed|sent|rang|held|shown?)\b",
    re.IGNORECASE,
)
_NEUTRAL = frozenset(  # ways to speak of an answer, no actions
    re.findall(
        r"\w+",
        """
        allowed answered applied asked assumed based cited considered cut described dropped excluded explained filtered
        included lifted limited listed looked mentioned named needed noted noticed picked put ranked related removed
        restricted show showed shown skipped started tried understood used wanted weighed
        """,
    )
)
_STATES = frozenset(("found", "marked", "sized", "located", "opened", "loaded", "outlined"))  # "found in a woman"
_CLAUSE = re.compile(r"[;:]|,? but |, however|, so |, which |[.!?](?:\s|$)")
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


def read_actions(sentence: MaskedSentence) -> None:
    """Read what the sentence says was done; masks nothing, since its words carry other claims too."""
    text = re.sub(r"\([^()]*\)", lambda m: " " * len(m.group()), sentence.text)
    if text.rstrip().endswith("?"):
        return
    found: dict[tuple[int, int], str] = {}
    for start, end in _clauses(text):
        clause = text[start:end]
        for kind, at, until in _in_clause(clause):
            if not _DENIED.search(clause[:until]):
                found.setdefault((start + at, start + until), kind)
    if call := _CALL.search(sentence.text):
        found[call.span()] = "call"
    for (start, end), kind in found.items():
        words = text[start:end].replace(MASK, "").strip()
        sentence.claims.append(Claim("action", words, start, end, words=(kind,)))


def _in_clause(clause: str) -> Iterator[tuple[str, int, int]]:
    """Find what one clause says was done, as (kind, start, end)."""
    for kind, shown in _SHOWN:
        for match in shown.finditer(clause):
            yield kind, *match.span()
    for match in _TOOL.finditer(clause):
        yield TOOLS[match.group()], *match.span()
    known = set()
    for kind, verbs in _BY_VERB:
        for match in verbs.finditer(clause):
            known.add(match.start())
            if _done_by_program(clause, match):
                yield kind, *match.span()
    for match in _FIRST_PERSON.finditer(clause):
        if match.group("verb").lower() not in _NEUTRAL and match.start("verb") not in known:
            yield "none", *match.span()


def _done_by_program(clause: str, verb: re.Match[str]) -> bool:
    """Tell whether the program did what the verb says: "I measured", "R1 was measured", "Measured R1"."""
    before = clause[: verb.start()]
    who = [*_WHO.finditer(before)]
    if not who:
        return not re.search(r"\w|\x00", before) and not re.match(r" (?:with|to|against)\b", clause[verb.end() :])
    if len(who) > 1 and who[-2].group("open"):
        return False  # "once I have measured it"
    if who[-1].group("passive"):
        adverbs = re.fullmatch(r"\s*(?:(?:now|also|just|then|already|\w+ly)\s+)*", before[who[-1].end() :])
        of_user = len(who) > 1 and who[-2].group("other")
        return bool(adverbs) and not of_user and verb.group().lower() not in _STATES
    return bool(who[-1].group("own"))


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _CLAUSE.finditer(text):
        if match.start() > start:
            yield start, match.start()
        start = match.end()
    if start < len(text):
        yield start, len(text)


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
