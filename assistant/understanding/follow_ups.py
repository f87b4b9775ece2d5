"""Short messages that go on with what was done last: "and in cm?", "the one after that", "which of the two is denser?".

What they mean lies in the last call and not in their words, which a reader of single messages misreads as filters. They
are read whole, by their form; whatever else they say makes them no follow-up.
"""

import re

from assistant.core.requests import HitRef, Intent, RegionRef, Request
from assistant.core.turn_state import ToolCallRecord, TurnState
from assistant.understanding.words_of_reports import regions_named
from tools.domain.facts import HitFacts
from tools.domain.view import ViewChange
from tools.domain.windows import DISPLAY_WINDOWS

_NUMBERS = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_COUNT = rf"(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)})"
_LEAD = (
    r"\W*(?:(?:and|ok|okay|no|now|so|then|please|pls|just|with|to|go|scroll|move|jump|show me|show|take me"
    r"|what about)\b[\s,.!]*)*"
)
_TAIL = r"(?:[\s,.!?]|\b(?:please|pls|plz|too|as well|now|then|again|thanks|thx)\b)*"
_MEASURING: dict[str, Intent] = {
    "measure_distance": "distance",
    "measure_region": "measure",
    "measure_volume": "volume",
}


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_LEAD}(?:{pattern}){_TAIL}", re.IGNORECASE)


_UNIT = _whole(
    r"(?:(?:what(?:['’]s| is) )?(?:that|it|(?:the )?same(?: thing)?) )?"
    r"(?:in|as) (?:mm|cm|millimet\w+|centimet\w+|inch(?:es)?)[²2^]*"
)
_EDGES = _whole(r"(?:from )?(?:edge|border|margin|rim)s? to (?:edge|border|margin|rim)s?|between (?:the|their) edges")
_FROM_TO = _whole(r"(?:from )?r ?(?P<a>\d+) (?:from|to|and|vs|versus) r ?(?P<b>\d+)")
_AFTER = _whole(
    r"(?:the )?(?:next|following)(?: one| hit| lesion| case)?(?: after (?:that|it|this))?"
    r"|(?:the )?(?:one|hit|lesion|case) after(?: that| it| this)?"
)
_BEFORE = _whole(r"(?:the )?previous(?: one| hit)?|(?:the )?(?:one|hit) before(?: that| it| this)?")
_ON = _whole(
    rf"(?:on |by )*(?:{_COUNT} )?(?:more |slices? |images? )*(?P<way>on|further|forwards?|back(?:wards?)?|more)"
    rf"(?: (?:by )?{_COUNT.replace('?P<n>', '?P<m>')})?"
)
_AGAIN = _whole(r"(?:again|once more|the same again)")
_TWICE = _whole(
    r"next (?:slice|image)(?:(?:,? and|,) (?:the )?(?:one after|next one)(?: that| it)?|,? ?x ?(?P<n>\d{1,2}))"
)
_UNDO = _whole(r"(?:undo|revert|take back)(?: that| it| this| the last (?:thing|step|change))?")
_WINDOW = _whole(
    r"(?:back to )?(?:the )?(?P<name>soft[ -]?tissues?|mediastin\w+|abdom\w+|lungs?|bones?|liver|brain)"
    r"(?: one| window)?"
)
_OF_TWO = _whole(
    r"which(?: one)?(?: of (?:the|these|those|them|my))? ?(?:two|both|them)?(?: regions| lesions)? is (?:the )?"
    r"(?:(?P<density>denser|brighter|darker|less dense|more dense)|bigger|larger|longer|smaller|shorter)"
    r"(?: (?:one )?of (?:the|these|those) two| one)?(?:,? (?:and )?by how much)?"
    r"(?:,? (?:mine|ours|it|this|r ?\d+) or (?:theirs|that|the (?:hit|other|atlas)(?:['’]s)?)(?: one)?)?"
)
_NUMBERED = _whole(
    rf"(?:me )?(?:number|no\.?|#|the) ?(?:(?P<n>\d{{1,2}})|(?P<place>{'|'.join(_PLACES)}))(?: one)?"
    r"(?: of (?:those|these|them))?"
)
_DROP = _whole(r"(?:drop|forget|lift|lose) (?:that|it|this)")
_END = _whole(r"(?:the )?(?P<which>first|last) (?:slice|image)")
_MY_SLICE = _whole(r"(?:which|what) (?:slice|image) (?:am i|are we|is this|do i)(?: \w+){0,3}")
_OF_AGE = re.compile(
    r"\b(?:compare\w*|beside|next to|against|versus|vs|describe|tell me about|side[- ]by[- ]side)\b.*?"
    r"\b(?P<age>\d{1,3})[- ]?(?:years?|yrs?|y)[- /]?(?:olds?|o)?\b(?: (?P<who>\w+))?",
    re.IGNORECASE,
)
_OLDER = re.compile(r"\b(?:over|under|older|younger|above|below|than|similar|find|search)\b", re.IGNORECASE)
_STUDY = r"(?:stud(?:y|ies)|cases?|patients?|scans?|cts?|exam(?:ination)?s?)"
_PART = r"(?:liver|head|brain|abdom\w+|chest|thorax|pelvis|neck)"
_OTHER_STUDY = re.compile(
    rf"\W*(?:\w+\W+){{0,4}}?(?:"
    rf"(?:back to|return to|re-?open|switch to|load|open)\b(?: (?!my\b|own\b|series\b)\w+){{0,3}}?"
    rf" (?:previous|earlier|first|second|other|another|one before|{_PART})\b(?: \w+){{0,3}}? ?(?:{_STUDY}|one)"
    rf"|(?:back to|return to) (?:the |that )?{_PART}(?: {_STUDY}| one)?"
    rf"|re-?open (?:the )?(?:one before|first one|(?:last|previous) one)"
    rf"|open (?:the )?first one(?: again)?"
    rf"|(?:show|see|go to|switch to) (?:me )?(?:the )?(?:first|second|other) (?:study|patient|scan|exam\w*)"
    rf"|switch to (?:study|patient|scan) \d+"
    rf"|open (?:my )?(?:earlier|other) {_STUDY}"
    rf")(?: (?:from )?(?:before|again|then))?{_TAIL}",
    re.IGNORECASE,
)


def follow_up(message: str, state: TurnState) -> tuple[Request, ...] | None:
    """Read a message that goes on with the last call; None where it does not."""
    last = state.last_calls[-1] if state.last_calls else ToolCallRecord(name="", args={})
    if state.study is not None and len(state.series) < 2 and _OTHER_STUDY.fullmatch(message):
        return (Request("not_yet", topic="other study"),)
    if _MY_SLICE.fullmatch(message):
        return (Request("find_image", topic="here"),)
    if end := _END.fullmatch(message):
        return (Request("view", view=ViewChange(slice=1 if end["which"].lower() == "first" else -1)),)
    if (request := _of_age(message, state)) is not None:
        return (request,)
    if last.name == "search_similar_lesions" and len(state.trail) > 1 and _DROP.fullmatch(message):
        return (Request("undo"),)  # the filter that was said last, and not the region
    request = None
    if last.name in ("set_view", "find_image"):
        request = _on_view(message, last)
    elif last.name in ("compare_lesion", "describe_lesion"):
        request = _on_hit(message, state, last)
    elif last.name == "find_regions":
        request = _on_suggestions(message, state)
    return (request,) if request is not None else _on_measuring(message, state, last) or None


def _on_view(message: str, last: ToolCallRecord) -> Request | None:
    """Go on through the slices, or set another window by its bare name."""
    moved = any(name in last.args for name in ("slice", "slices_on")) or last.name == "find_image"
    windowed = any(name in last.args for name in ("window", "width_hu", "window_step"))
    if _UNDO.fullmatch(message):
        return Request("not_yet", topic="undo view")
    if windowed and (named := _WINDOW.fullmatch(message)):
        word = named["name"].lower()
        name = next((one for one in DISPLAY_WINDOWS if one.lower()[:4] == word[:4]), "Soft tissue")
        return Request("view", view=ViewChange(window=DISPLAY_WINDOWS[name]))
    if not moved:
        return None
    if twice := _TWICE.fullmatch(message):
        return Request("view", view=ViewChange(slices_on=int(twice["n"] or 2)))
    if _AGAIN.fullmatch(message):
        return Request("view", view=ViewChange(slices_on=int(last.args.get("slices_on", 1))))
    if _AFTER.fullmatch(message):
        return Request("view", view=ViewChange(slices_on=1))
    if _BEFORE.fullmatch(message):
        return Request("view", view=ViewChange(slices_on=-1))
    if on := _ON.fullmatch(message):
        said = (on["n"] or on["m"] or "1").lower()
        count = int(said) if said.isdigit() else _NUMBERS[said]
        way = on["way"].lower()
        back = way.startswith("back") or (way == "more" and int(last.args.get("slices_on", 1)) < 0)
        return Request("view", view=ViewChange(slices_on=-count if back else count))
    return None


def _on_hit(message: str, state: TurnState, last: ToolCallRecord) -> Request | None:
    """Do the same with the hit after or before, or say again how the two compare."""
    lesion_id = str(last.args.get("lesion_id", ""))
    region = str(last.args.get("region_id", ""))
    regions = (RegionRef("id", region),) if region else ()
    intent: Intent = "compare" if last.name == "compare_lesion" else "describe_lesion"
    if intent == "compare" and _OF_TWO.fullmatch(message):
        return Request("compare", regions=regions, hits=(HitRef("id", lesion_id=lesion_id),))
    step = 1 if _AFTER.fullmatch(message) else -1 if _BEFORE.fullmatch(message) else 0
    hit = next((h for h in _hits(state, region or None) if h.lesion_id == lesion_id), None)
    if not step or hit is None:
        return None
    return Request(intent, regions=regions, hits=(HitRef("rank", n=hit.rank + step),))


def _on_suggestions(message: str, state: TurnState) -> Request | None:
    """Go to a suggestion by its number."""
    if (numbered := _NUMBERED.fullmatch(message)) is None:
        return None
    n = int(numbered["n"]) if numbered["n"] else _PLACES[numbered["place"].lower()]
    if not 1 <= n <= len(state.last_found):
        return None
    return Request("measure", regions=(RegionRef("id", state.last_found[n - 1]),), topic="slice")


def _on_measuring(message: str, state: TurnState, last: ToolCallRecord) -> tuple[Request, ...]:
    """Say a length again, in other units or between others; or which of two regions is the larger or denser one."""
    names = [str(last.args[name]) for name in ("region_id", "other_region_id") if name in last.args]
    measured = tuple(RegionRef("id", name) for name in names)
    if last.name in _MEASURING and _UNIT.fullmatch(message):
        return Request(_MEASURING[last.name], regions=measured), Request("not_yet", topic="units")
    was_distance = last.name == "measure_distance"
    asked_far = re.search(r"\b(?:far|distance|apart|gap)\b", state.open_question or "")
    if (was_distance or asked_far) and (named := _FROM_TO.fullmatch(message)):
        return (Request("distance", regions=(RegionRef("id", f"R{named['a']}"), RegionRef("id", f"R{named['b']}"))),)
    if was_distance and _EDGES.fullmatch(message):
        return (Request("not_yet", topic="edges"),)
    if (two := _OF_TWO.fullmatch(message)) and (was_distance or len(state.regions) == 2):
        regions = measured if was_distance else (RegionRef("all"),)
        return (Request("measure", regions=regions, topic="density" if two["density"] else ""),)
    return ()


def _of_age(message: str, state: TurnState) -> Request | None:
    """Find the hit of a patient who is named by age: "compare it with the 66-year-old man"."""
    if (named := _OF_AGE.search(message)) is None or _OLDER.search(message) or not state.searches:
        return None
    who = (named["who"] or "").lower()
    sex = {"man": "M", "male": "M", "guy": "M", "gentleman": "M", "woman": "F", "female": "F", "lady": "F"}.get(who)
    regions = regions_named(message)[:1]
    region = regions[0].region_id if regions else None
    fits = [h for h in _hits(state, region) if h.age_years == int(named["age"]) and sex in (None, h.sex)]
    if not fits:
        return Request("not_yet", topic="age of hit")
    told = re.search(r"\b(?:describe|tell)\b", message, re.IGNORECASE)
    intent: Intent = "describe_lesion" if told else "compare"
    return Request(intent, regions=regions, hits=(HitRef("id", lesion_id=fits[0].lesion_id),))


def _hits(state: TurnState, region: str | None) -> tuple[HitFacts, ...]:
    past = state.search_of(region)
    return past.facts.hits if past else ()
