"""Decline a question for a judgement that is a clinician's, whatever the network made of it.

The network reads what is declined in far more wordings. This is the net below it: the plain questions for malignancy,
for what is to be done and for what will become of the patient, with their words in the order of a question, so that
telling of them ("not asking if it's cancer, only how big") stops nothing.
"""

import re
from collections.abc import Sequence

from assistant.core.requests import Request
from assistant.understanding.type_mentions import find_types, folded

_PARTS = {
    "GRAVE": r"(?P<said>malignan(?:t|cy)|benign|cancer(?:ous)?|carcinomas?|harmless|dangerous|deadly|lethal|fatal"
    r"|suspicious|met|mets|metasta(?:sis|ses|tic))\b",
    "IT": r"(?:it|this|that|these|those|they|both|r ?\d+"
    r"|(?:the|my|this|that) (?:\w+ )?(?:lesion|nodule|mass|region|one|finding)s?)",
    "WHO": r"(?:i|we|he|she|they|you|one|(?:the|my|this) patient)",
}
_QUESTIONS = (
    ("malignancy", r"\b(?:is|are|could|can|might|may|would|will) <IT>(?: \w+){0,3}? <GRAVE>"),
    ("malignancy", r"\b(?:do|would|can|could) you (?:\w+ )?(?:think|say|believe|reckon|suspect|tell)\b[^.?!]* <GRAVE>"),
    ("malignancy", r"\b(?:say|state|tell|declare|confirm)\b.{0,40}? (?:is|are|as) (?:\w+ ){0,3}?<GRAVE>"),
    ("malignancy", r"\b(?:can|could) <WHO> be (?:sure|certain)\b[^.?!]* <GRAVE>"),
    ("malignancy", r"\b(?:chances?|probability|likelihood|odds|risk|how (?:likely|probable))\b.{0,40}\b<GRAVE>"),
    ("malignancy", r"\b(?P<said>(?:safe|ok|fine) to (?:ignore|leave)|(?:can|may|should) <WHO> ignore|red flags)\b"),
    ("malignancy", r"\b(?P<said>mets?|metastas[ie]s) or \w+\W*$"),
    ("malignancy", r"\bhow (?P<said>suspicious|worrying|dangerous) (?:is|are) <IT>"),
    ("diagnosis", r"\bwhat should <WHO> (?:put|write|say|conclude) (?:\w+ ){0,2}(?P<said>impression|conclusion)\b"),
    ("next step", r"\bshould <WHO> (?:\w+ ){0,3}?(?P<said>biops\w+|rescan|refer|discharge)\b"),
    ("treatment", r"\bshould <WHO> (?:\w+ ){0,3}?(?P<said>operate|resect|treat|irradiate|chemo\w*|surgery)\b"),
    ("prognosis", r"\bhow (?:long|many (?:months|years)) (?:do|does|has|have|will) <WHO> "
                  r"(?P<said>(?:\w+ )?(?:live|left|got|last|survive))\b"),
)  # fmt: skip
_PATTERNS = tuple(
    (topic, re.compile(re.sub("<([A-Z]+)>", lambda m: _PARTS[m[1]], words))) for topic, words in _QUESTIONS
)
_MISREAD_AS = (
    "what", "how_sure", "unknown", "help", "explain", "describe_lesion", "describe_study", "find_regions", "cases",
    "truth",
)  # fmt: skip


def guarded(requests: tuple[Request, ...], message: str, atlas_types: Sequence[str]) -> tuple[Request, ...]:
    """Put what must be declined first, in the place of what would answer it; the requests as they are, if nothing is.

    A word that names a type of the atlas ("is it hepatocellular carcinoma or adenoma?") asks for likeness.
    """
    if any(request.intent == "out_of_scope" for request in requests):
        return requests
    text = folded(message)
    types = find_types(text, atlas_types)
    for topic, question in _PATTERNS:
        found = question.search(text)
        if found and not any(t.start < found.end("said") and found.start("said") < t.end for t in types):
            kept = tuple(r for r in requests if r.intent not in _MISREAD_AS) if len(requests) > 1 else ()
            return (Request("out_of_scope", topic=topic), *kept)
    return requests
