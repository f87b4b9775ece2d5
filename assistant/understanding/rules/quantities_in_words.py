"""Ages, sizes and counts in words: a decade, "children", "a few more", "her age", and "large", which says no limit.

Here too: numbers beside a request that are no part of it, such as the age of one's own patient; and whether a number is
a lower or an upper bound, from the words on either side of it. For that three things are read: a comparison ("over",
"or older", "too young"), the end of a range that is spoken of ("the floor", "the oldest may be"), and how often it is
turned round ("nobody who isn't under 60", "over 60 can go").
"""

import re
from dataclasses import dataclass
from typing import Literal, cast

from assistant.core import patterns
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.clauses import BLANK, SHOW_MORE, Slots
from tools.domain.lesions import Sex

Bound = Literal["at least", "at most", "over", "under", "about", ""]
FLIPPED: dict[Bound, Bound] = {"over": "at most", "under": "at least", "at least": "under", "at most": "over"}


def set_remarks_aside(slots: Slots) -> None:
    """ "This guy is 72": said of the patient, not asked of the hits."""
    one = rf"(?:my|this|the|our|a) (?:{lex.PEOPLE})|he|she"
    slots.take(
        rf"\b(?:{one})(?: here)? (?:is|was|being) (?:an? )?\d+(?:[- ]years?)?(?:[- ]old)?s?\b(?: (?:years old|man"
        rf"|woman|lady"
        r"|male|female|gentleman|guy|patient))?(?! ?(?:or|to|-|\+)| and (?:\d|older|younger|up|over|above|under"
        r"|below))",
        lambda _: None,
    )
    slots.take(_ONE_PATIENT, lambda _: None)
    slots.take(
        r"^\W*(?:an? )?\d+ years old (?:(?:heavy|ex|former)[- ])?(?:\w+ )?(?:smoker|man|woman|lady|gentleman"
        r"|male|female|guy|patient)"
        r"\b(?=,? (?:with|who has|presenting|incidental|known|history|status|c/o))|\b\d+ years old (?:\w+[- ])?smoker\b"
        r"|\b(?:in|got|have|within) (?:only )?\d+ (?:mins?|minutes?|hours?|h)\b(?! (?:age|size))"
        r"|\b(?:patient|he|she) (?:is )?(?:pushing|approaching|turned|turns|just turned) \d+\b(?! only)",
        lambda _: None,
    )


_SOMEBODY = r"(?:woman|man|lady|gentleman|female|male|girl|boy|patient|guy)"
_AGED = r"\d{1,2}[- ]years?[- ]olds?"
_ONE_PATIENT = (  # "a 58 years old welder", "gentleman of 80", "he is a smoker, 58": one's own patient
    rf"(?:^\W*(?:an? )?|\b(?:is|was|have|has|got|it is|this is|on|consult on|about) an? ){_AGED}"
    rf"(?: (?:{_SOMEBODY}|[a-z-]+))?(?=\W*$|\W*,)"
    rf"|(?:^\W*|\b(?:is|it is|have|on|got|in) )(?:an? |the )?{_SOMEBODY}(?: of|,| aged) \d{{1,2}}\b(?=\W*$|\W*,| with)"
    r"|\b(?:he|she|patient|lady|gentleman)(?: is| was) an? [a-z-]+(?: [a-z-]+){0,3}, \d{1,2}\b(?=\W*$|\W*,)"
    r"|\b(?:he|she|patient) (?:himself |herself )?is (?:only |about |just )?\d{1,2}\b(?=\W*$|\W*,)"
)


def read_decades(slots: Slots) -> None:
    whose = r"(?:in (?:their|her|his|the|late) )?"

    widens = patterns.search(rf"\b{lex.WIDEN}\b[\w ]* to ", slots.text)

    def years(m: re.Match[str]) -> None:
        first, part, last, beyond = m.group("first"), m.group("part"), m.group("last"), m.group("beyond")
        low, high = lex.DECADE_PART[(part or "").strip(" -")]
        slots.min_age, slots.max_age = int(first) + low, int(last or first) + (9 if last else high)
        if widens:
            slots.min_age = None
        if beyond:
            if patterns.search(r"old|up|over|above|on|beyond", beyond):
                slots.max_age = None
            else:
                slots.min_age = None

    slots.take(
        rf"\b{whose}(?:the )?(?P<part>early|mid|middle|late)?[ -]?{whose}(?P<first>[1-9]0)'?s\b"
        rf"(?: ?(?:and|or|to|-|through|until|&) ?{whose}(?:the )?(?:early |mid |late )?(?P<last>[1-9]0)'?s\b)?"
        r"(?P<beyond> (?:and|or) (?:older|over|above|up|upwards?|beyond|younger|below|under)\b| ?\+| onwards?\b)?",
        years,
    )


def read_counts_in_words(slots: Slots) -> None:
    """ "Just the closest one", "a few more", "the next ones"."""
    near = r"(?:best|closest|nearest|most similar|top)"
    pointing = patterns.search(r"\b(?:compar\w+|describe|about|details?|differ\w*|against|versus|vs)\b", slots.text)
    noun = r"(?: (?:hit|case|match|one|lesion|result|neighbou?r|look-?alike))?"
    if not pointing and slots.take(
        rf"\b(?:(?:the|a|1) single|(?:just|only|exactly|only (?:need|want|show me))(?: the| 1)?) {near}{noun}\b(?! \d)"
        rf"|\bjust (?:the )?(?:one|1)\W*$|\b(?:the )?{near} (?:match|hit|case|one|lesion|neighbou?r) (?:only|alone)\b",
        lambda _: None,
    ):
        slots.k = 1

    def more(m: re.Match[str]) -> None:
        number = next((g for g in m.groups() if g), None)
        slots.more = int(
            number
            or (
                1
                if patterns.search(
                    r"\b(?:1|one|an?(?! few)"
                    r"|another one)\b",
                    m.group(),
                )
                else SHOW_MORE
            )
        )

    noun = (
        r"(?: (?:similar |such |of )*(?:cases?|hits?|results?|examples?|lesions?|matches|of (?:them|these)|them"
        r"|look-?alikes?))?"
    )
    slots.take(r"\b(?:the )?next (?:(\d{1,2})|ones|hits|cases|results|page|batch)\b(?! slide)", more) or slots.take(
        rf"\b(?<!not )(?:a few |some |give me |show |show me |even |(?<!limit )any |see |get |load |list )+"
        rf"(?:(\d{{1,2}})"
        rf" )?more{noun}\W*$",
        more,
    ) or slots.take(
        rf"^\W*(?:and |now )?(?:(\d{{1,2}}) )?more{noun}\W*(?:$"
        rf"|,)",
        more,
    ) or slots.take(_SO_MANY_MORE, more)


_SO_MANY_MORE = (
    r"\b(?:another|more|additional|extra|again) (?P<more>\d{1,2})\b(?! ?(?:mm|cm|inch|years|or|to|and \d|%))"
    r"(?: (?:cases?|hits?|results?|examples?|lesions?|matches|ones|supplementary|extra|of them))*"
    r"|\b(?P<extra>\d{1,2}) (?:more|extra|additional|further|supplementary|other)(?: (?:cases?|hits?|results?|examples?"
    r"|lesions?|matches|ones|of them))+\b(?=.*\b(?:list|to me)\b|\W*$)"
    r"|\b(?<!no )(?<!any )(?:(?P<some>\d{1,2})|some|a few) more(?: of (?:them|these|those)| (?:similar )?ones)?"
    r"(?: please| then| too)*\W*$"
    r"|\b(?:increase|raise|bump)(?: up)? (?:k|it|the (?:number|list|hits|count)|hits|results)(?: of \w+)? by "
    r"(?P<by>\d{1,2})\b"
    r"|^\W*(?:the )?next (?P<next>\d{1,2})(?: too| please)*\W*$|\bkeep (?:them|those|it) coming\b|\b(?:see|want"
    r"|show) (?:\w+ )?further ones\b"
    r"|\b(?:1|one|an?) (?:more|extra one|additional one)\W*$|\banother one\W*$"
)


def read_age_phrases(slots: Slots) -> None:
    for phrase, (low, high) in lex.AGE_PHRASES:
        match = patterns.search(
            rf"\b(?:the )?{phrase}\b(?! visits?| stud| scans?| films?| exams?| images?)", slots.text
        )
        if match is None:
            continue
        before, after = slots.text[: match.start()], slots.text[match.end() :]
        if patterns.search(
            rf"(?:^|\W)(?:not|no|never|too many|{lex.LEAVE_OUT})(?: (?:the|an?|any|for|from|in|of))* $", before
        ) or patterns.match(rf" (?:(?:too|also|are|is) )*(?:{lex.EXCEPTED}|no\b(?! \w))", after):
            # "no children" is a bound; what only takes a middle part away cannot be one
            low, high = (
                (high + 1 if low is None and high is not None else None),
                (low - 1 if high is None and low else None),
            )
            if low is None and high is None:
                slots.take(rf"\b(?:the )?{phrase}\b", lambda _: None)
                continue
        if slots.min_age is None and slots.max_age is None:  # "adults aged 30 to 50": the numbers say more
            slots.min_age, slots.max_age = low, high
            slots.cleared.add("age")  # a group replaces whatever range there was
        for sex, words in lex.SEX_WORDS.items():  # "old women" is an age and a sex
            if patterns.search(rf"\b{words}\b", match.group()):
                slots.sex = cast(Sex, sex)
        slots.text = slots.text[: match.start()] + BLANK + slots.text[match.end() :]


_PATIENT = (
    r"(?:(?:this|the|that|my|our) (?:own )?(?:patient|person|guy|man|woman|lady|gentleman)|mine|ours|her|him|he|she)"
)
_MINE = r"(?:mine|ours|this(?: one)?|it|that one|r\d|my lesion|the marked one)"
_ROUGHLY = r"(?:of |at |with |in |about |roughly |around |approximately |more or less )*(?:the |a )?"
_TOO = rf"(?: (?:as|with|like|of|to|than) {_PATIENT}(?:'s)?(?: (?:is|has|one|age))?)?"
_SAME_AGE = (
    rf"\b{_ROUGHLY}(?:same|similar|comparable|her|his|my patient's|my (?:own )?patient) ages?(?: group| range"
    rf"| bracket)?s?\b"
    rf"(?! (?:(?:is|should be|must be) )?(?:more|less|over|under|above|below|between|from|at|<|>|\d)){_TOO}"
    rf"|\b(?:as old as|the age of|(?:around|about|near|~) ?(?:the age of )?) ?{_PATIENT}(?:'s age)?(?: is)?\b"
    rf"|\b(?:comparable|similar|close|equal) in age(?: (?:to|with) {_PATIENT})?\b"
    rf"|\b(?:of |at )?(?:this|the|my|our) (?:own )?(?:patient|man|woman|guy|lady)'s (?:own )?age\b(?! (?:is"
    rf"|was))|\bage[- ]matched\b"
)
_SAME_SIZE = (
    rf"\b{_ROUGHLY}(?:same|similar|comparable|equal)(?: (?:as|like|to|with) {_MINE})? (?:sizes?|diameters?"
    rf"|dimensions?)\b"
    r"(?! (?:filters?|limits?))"
    rf"|\b(?:size|diameter)s? (?:about |roughly )?(?:the )?(?:same|as|like|equal|similar)(?: (?:as|to|with"
    rf"|like))? {_MINE}\b"
    rf"|\b{_ROUGHLY}(?:size of {_MINE}|(?:mine|its|my lesion)(?:'s)? (?:own )?size|(?:size |what )(?:that )?"
    rf"(?:mine|ours|my lesion) (?:is|has|measures))\b"
    r"|\b(?:similarly|equally)[- ](?:sized|big|large|small|tiny)\b|\b(?:same|similar|size)[- ](?:sized|matched)\b"
    rf"|\bas (?:big|large|small) as {_MINE}\b|\b(?:comparable|similar|close|equal) in size(?: (?:to|with) {_MINE})?\b"
)
_VAGUE_AS = {
    word: kind
    for kind, words in (
        ("small", "small tiny little smaller"), ("large", "large big huge larger bigger"), ("old", "old older"),
        ("young", "young younger"),
    )
    for word in words.split()
}  # fmt: skip
_VAGUE = r"(?P<{}>small|tiny|little|large|big|huge|old|young)(?:er|est)?"
_VAGUE_ALONE = re.compile(rf"\b(?:only|just)(?: the)? {_VAGUE.format('alone')}\W*$")
_VAGUE_ONES = re.compile(
    rf"\b(?:only |just )?(?:the )?{_VAGUE.format('ones')} (?:ones|lesions|cases|nodules|people|patients|persons"
    rf"|folks|crowd"
    r"|look-?alikes|matches|hits|stuff|things)\b"
)
_VAGUE_WISH = re.compile(
    r"\b(?:anything|something|stuff|go|can we go|a (?:bit|little)|somewhat|rather|much|even|make (?:it|them)|want|need)"
    r" (?P<wish>smaller|larger|bigger|older|younger)(?: please| then)?\W*$"
)
_VAGUE_BARE = re.compile(r"^\W*(?:and |even |but |now |only )*(?P<bare>smaller|larger|bigger|older|younger)\W*$")


def read_likeness(slots: Slots) -> None:
    """ "Of her age", "as big as mine", and "only large ones", which says no limit."""
    slots.ages_as_before = bool(
        patterns.search(
            r"\bsame ages?(?: range| group| bracket| limits?)?(?=\W*$"
            r"|,)",
            slots.text,
        )
    )
    if slots.take(_SAME_AGE, lambda _: None):
        slots.age_like_patient = True
    if slots.take(_SAME_SIZE, lambda _: None):
        slots.size_like_region = True
    bounds = (slots.min_size_mm, slots.max_size_mm, slots.min_age, slots.max_age)
    vague = (_VAGUE_ALONE, _VAGUE_ONES, _VAGUE_WISH, _VAGUE_BARE)
    found = next((m for pattern in vague if (m := pattern.search(slots.text))), None)
    if found and all(b is None for b in bounds):
        slots.unclear = _VAGUE_AS[next(word for word in found.groupdict().values() if word)]


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
