"""Whether a number is a lower or an upper bound, from the words on either side of it.

Three things are read: a comparison ("over", "or older", "too young"), the end of a range that is spoken of ("the
floor", "the oldest may be"), and how often it is turned round ("nobody who isn't under 60", "over 60 can go").
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from assistant.understanding.rules import lexicon as lex

Bound = Literal["at least", "at most", "over", "under", "about", ""]
FLIPPED: dict[Bound, Bound] = {"over": "at most", "under": "at least", "at least": "under", "at most": "over"}


@dataclass(frozen=True)
class Comparison:
    """A bound, as it was said before anything turned it round, and how many characters on either side say it."""

    bound: Bound = ""
    said: Bound = ""
    left: int = 0
    right: int = 0
    words: str = ""  # before the number


# -- the ends of a range, by name -----------------------------------------------------------------------------------
_EDGE = r"(?: (?:age|size))?[ -](?:limit|bound|boundary|end|edge|border|threshold|cut-?off|margin|age|size|one)s?"
LOWER_END = rf"(?:(?:lower|bottom|minimum|min){_EDGE}|floor|minimum|min|bottom)"
UPPER_END = rf"(?:(?:upper|top|maximum|max){_EDGE}|ceiling|cap|maximum|max|cut-?off at the top)"
_LEAST = r"(?:youngest|smallest|shortest|least|tiniest)"
_MOST = r"(?:oldest|eldest|largest|biggest|longest|most)"
_BE = (
    r"(?:(?:is|are|was|were|as|being|be|should|must|may|can|could|might|will|would|shall|has to|have to|supposed to"
    r"|meant to|now|still|already|then|only|to be|make|makes|making|do|does) )+"
)
_BETWEEN = (
    r"(?:[ ,:=]|\b(?:of|the|an?|my|for|ages?|sizes?|diameters?|patients?|years|should|must|may|can|could|might"
    r"|would|be|is"
    r"|are|was|has|have|had|now|to|at|on|with|up|down|as|bit|little|higher|lower|further|instead|allowed|accepted"
    r"|acceptable|ok|say|let us say|just|only|then|please|that|it|me|start|starts|begin|end|stay|set|put|move|come)\b)*"
)
_ALLOWED = r"(?:[^,;\d]{0,20}?\b(?:may|can|could|should|must|is|are|be|being|accept|allow|allowed|take|want|have)\b)"

_SKIP = (
    r"(?: |:|=|\(|the|an?|age[ds]?|ages|of|than|about|years?|sizes?|to|at|in|that|is|exactly|value|someone"
    r"|those|patients?)*"
)
_LEFT: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    *(
        (cast(Bound, bound), re.compile(rf"(?:(?<!\w)(?=\w)|(?!\w))(?:{words}){_SKIP}$"))
        for bound, words in (
            ("at least", lex.AT_LEAST), ("at most", lex.AT_MOST), ("over", lex.OVER), ("under", lex.UNDER),
            ("about", lex.ABOUT),
        )
    ),
    *(
        (cast(Bound, bound), re.compile(rf"\b(?:{end}{_BETWEEN}|{extreme}(?: \w+)?{_ALLOWED}{_BETWEEN}) $"))
        for bound, end, extreme in (("at least", LOWER_END, _LEAST), ("at most", UPPER_END, _MOST))
    ),
)  # fmt: skip
_MOVED = re.compile(rf"{LOWER_END}|{UPPER_END}")
_WHERE = r"where (?:\w+ ){1,3}"
_NOT = r"(?:not|no|nobody|nothing|none|no one|never)(?: (?:one|any|a day))?"
_THAN = r"(?! than)(?! ?\d)"
_RIGHT: tuple[tuple[Bound, re.Pattern[str]], ...] = tuple(
    (cast(Bound, bound), re.compile(rf"^ ?(?:{words})(?!\w)"))
    for bound, words in (
        ("at least", lex.OR_MORE),
        ("at most", lex.OR_LESS),
        ("at least", rf"{_BE}(?:the |an? |my )?(?:new )?(?:{LOWER_END}|{_LEAST}|{_WHERE}(?:start|begin)s?)"),
        ("at most", rf"{_BE}(?:the |an? |my )?(?:new )?(?:{UPPER_END}|{_MOST}|{_WHERE}(?:end|stop)s?)"),
        ("at least", rf"(?:an? |the )?(?:{LOWER_END})|the {_LEAST}(?=$| i\b| allowed|,)"),
        ("at most", rf"(?:an? |the )?(?:{UPPER_END})|the {_MOST}(?=$| i\b| allowed|,)"),
        ("under", rf"{_BE}(?:way |far |much )?too (?:old|big|large|long|high|much|wide)"),
        ("over", rf"{_BE}(?:way |far |much )?too (?:young|small|short|low|little|tiny)"),
        ("at most", rf",? ?(?:(?:is|are|fine|ok|okay|good|allowed|included|years?) ?)*,? ?(?:but |and )?{_NOT} "
                    rf"(?:{lex.OVER}){_THAN}"),
        ("at least", rf",? ?(?:(?:is|are|fine|ok|okay|good|allowed|included|years?) ?)*,? ?(?:but "
                     rf"|and )?{_NOT} (?:{lex.UNDER}){_THAN}"),
        ("at most", rf"[^\d;.]*\b(?:{lex.OVER}) (?:it|that|this)\b[^\d]*?\b(?:not|out|go|goes|gone)"),
        ("at least", rf"[^\d;.]*\b(?:{lex.UNDER}) (?:it|that|this)\b[^\d]*?\b(?:not|out|go|goes|gone)"),
        ("about", r"years?,? give or take|,? ?give or take(?: a (?:bit|few|little|year))?|,? or (?:so"
                  r"|thereabouts)|ish"),
    )
)  # fmt: skip

# -- what turns a bound round ---------------------------------------------------------------------------------------
_NO = (
    rf"(?:not(?! only| just| necessarily| sure)|none|nobody|no one|no-one|noone|cannot|fail(?:s|ed|ing)? to|unless"
    rf"|{lex.LEAVE_OUT}"
    rf"|(?!instead|rather){lex.EXCEPT})"
)
_TURNED = (
    r"(?:of|them|those|the|any|anyone|anybody|anything|everyone|everybody|everything|all|ones?|that|which|who|whatever"
    r"|whoever|is|are|was|were|be|being|an?|patients?|people|persons?|folks|lesions?|nodules?|cases?|results?"
    r"|hits?|stuff"
    r"|things?|get|gets|go|goes|fall|falls|they|there|if|of the list|still|women|men|even|and|or|me|us|to|see"
    r"|show|want|need|use|include|have|has|had|get|give|list|keep"
    r"|take|like|care|for|about|interested|in|with|from|day|bit|single|yet|measur\w+|ages?|aged|tiny|small|big"
    r"|large|old"
    r"|young|ever|at|years?|should|must|may|sizes?|diameters?|i)"
)
_NEGATED = re.compile(rf"(?:^|[^\w])(?:{_NO}(?:[ :]+{_TURNED})*[ :=<>(-]*)+$")
_NEGATION = re.compile(rf"(?<!\w){_NO}(?!\w)")
_OUT = re.compile(
    rf"^(?: (?:years?|old|olds|of age|ones?|lesions?|patients?|people|cases?|hits?|in|the|list|and|that|this|it"
    rf"|they|all))*"
    rf"[ ,]*(?:(?:is|are) )?(?:{lex.EXCEPTED}"
    r")"
)
_STRIPPED = re.compile(  # "over 60? Take them off": said of what was named, however it was named
    rf"^[^\d;.]{{0,40}}\b(?:{lex.LEAVE_OUT}|get|take|throw) (?:it|them|those|that|these)\b(?! (?:in|limit|filter))"
)


def turned(left: str) -> tuple[int, bool]:
    """Where a negation begins that ends the text before a bound, and whether it turns the bound round."""
    match = _NEGATED.search(left)
    if match is None:
        return len(left), False
    return match.start(), len(_NEGATION.findall(match.group())) % 2 == 1


def compare(left: str, right: str) -> Comparison:
    """The bound of a number between two texts."""
    bound: Bound = ""
    at, end = len(left), 0
    found = [(m.start(), b) for b, pattern in _LEFT if (m := pattern.search(left))]
    if found:
        at, bound = min(found)
    words = left[at:]
    if bound in ("", "about"):
        for other, pattern in _RIGHT:
            if match := pattern.search(right):
                bound, end = other, match.end()
                break
    said = bound
    if bound in FLIPPED:
        at, round_ = turned(left[:at])
        out = _OUT.search(right[end:])
        if out:
            end += out.end()
        if words.endswith("to ") and _MOVED.search(words):
            round_ = False  # "drop the minimum to 30" moves it
        if round_ != bool(out) or (not round_ and _STRIPPED.search(right[end:])):
            bound = FLIPPED[bound]
    return Comparison(bound, said, len(left) - at, end, words)
