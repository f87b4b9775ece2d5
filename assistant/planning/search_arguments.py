"""The arguments of a search: what was said, over what the last search had where the request builds on it."""

import re
from dataclasses import replace
from typing import Any

from assistant.core import patterns
from assistant.core.requests import FilterSpec, Request
from assistant.planning.context import ClarificationNeededError, PlanningContext
from assistant.wording import fixed_sentences
from tools.settings import get_settings

MIN_BOUND_RATIO = 2.0  # how much closer to one bound a bare number must be than to any other it could replace
FILTER_ARGS: dict[str, tuple[str, ...]] = {
    "type": ("lesion_types",),
    "sex": ("sex",),
    "age": ("min_age", "max_age"),
    "size": ("min_size_mm", "max_size_mm"),
    "scope": ("scope",),
}
_BUILDS_ON = re.compile(
    r"^(?:and|but|now|only|just|same|what about|how about|instead|also|ok|okay|then|or|again|ditto|likewise)\b"
    r"|\b(?:only|instead|those|of these|of "
    r"them|same|again(?! for )|too|also|ditto|likewise|as before|keep|still|now|re-?run|repeat|re-?do|bump"
    r"|widen|narrow|restrict|limit|extend|more)\b"
)
_ANEW = re.compile(
    r"\bsimilar|\bresembl|\blook(?:s|ing)?[- ]?(?:a?like|most like)|\blike (?:this|it|that|mine|r\d)|\bcomparable"
    r"|\bmatch|\bneighbou?r|\bquery\b|\bnew search\b|\bknn\b|\bsimilarity"
    r"|\bseen (?:this|it)|\bfresh\b|\b(?:with|of) (?:the same|this) (?:sort|kind|thing)|\bwhat\b"
)
_REPEATS = re.compile(r"\b(?:same|only|ditto|likewise|again|re-?run|repeat|re-?do)\b")
_TOO = (
    r"also|include|including|add(?:s|ed|ing)?|as well|too|plus|additionally|along with|on top|join\w*|permit"
    r"|(?:to|in) the mix"
)
_THROW_IN = r"(?:throw|toss) (?:\w+ ){0,3}in"
_AGAIN = r"reinstate|allow|re-?add|re-?include|readmit"
_ADDS = re.compile(rf"\b(?:{_TOO}|{_AGAIN}|again|back|bring|put|widen|{_THROW_IN})\b(?!.*\bonly\b)")
_ADDS_TYPE = re.compile(rf"\b(?:{_TOO}|put in|put \w+ (?:\w+ )?inside|widen|{_THROW_IN})\b(?!.*\bonly\b)")
_BACK = re.compile(r"\b(?:put|let|bring|take|allow) .*\bback\b")
_LETS_GO = re.compile(r"\b(?:drop|forget|lose|scrap|ditch|never mind)\b.*\b(?:bit|part|thing|any \w+|anywhere)\b")
_ADDS_SEX = re.compile(rf"\b(?:{_TOO}|{_AGAIN}|back(?: in)?)\b(?!.*\bonly\b)")


def keeps_filters(request: Request) -> bool:
    """Tell whether a search in these words keeps the filters of the last one."""
    if request.more:
        return True
    builds_on = bool(_BUILDS_ON.search(request.text)) or not _ANEW.search(request.text)
    other_region = bool(request.regions) and request.regions[0].kind == "id"
    return builds_on and not (other_region and not _REPEATS.search(request.text))


def search_args(request: Request, context: PlanningContext, region_id: str, inherit: bool) -> dict[str, Any]:
    """Build the arguments of a search: what was said, over what the last search had where the request builds on it."""
    before = dict(context.last_search.args) if inherit and context.last_search else {}
    before.pop("region_id", None)
    cleared = set(request.cleared)
    if _ADDS_SEX.search(request.text) and before.get("sex") and request.wanted.sex not in (None, before["sex"]):
        cleared.add("sex")  # "and men too", after women
    for name in cleared:
        for argument in FILTER_ARGS[name]:
            before.pop(argument, None)
    for argument in [a for a in before if request.cleared_end and a.startswith(f"{request.cleared_end}_")]:
        before.pop(argument)
    if "type" in request.cleared and "sex" in request.cleared:
        before.pop("k", None)  # everything was lifted
    if request.corrects:
        for end, other in (("min", "max"), ("max", "min")):
            for what in ("age", "size_mm"):
                if (
                    getattr(request.wanted, f"{end}_{what}") is not None
                    and getattr(request.wanted, f"{other}_{what}") is None
                ):
                    before.pop(f"{other}_{what}", None)
    said = request.wanted.said()
    goes_on_with_all = inherit and context.last_search is not None and len(said) == 1
    back = goes_on_with_all and "sex" not in before and _BACK.search(request.text)  # "put the women back"
    if "sex" in cleared - request.cleared or back:
        said.pop("sex", None)
    types = before.get("lesion_types")
    if request.left_out and types:
        rest = [t for t in types if t not in request.left_out]
        said["lesion_types"] = rest or said.get("lesion_types")
        if not rest and _LETS_GO.search(request.text):  # "drop the liver bit", where only the liver was searched
            del said["lesion_types"], before["lesion_types"]
    elif request.left_out and "type" in request.cleared and _LETS_GO.search(request.text):
        said.pop("lesion_types", None)
    elif types and said.get("lesion_types") and _ADDS.search(request.text) and not request.left_out:
        said["lesion_types"] = list(dict.fromkeys([*types, *(request.wanted.lesion_types or ())]))
    elif goes_on_with_all and not types and _ADDS_TYPE.search(request.text):
        said.pop("lesion_types", None)  # "bone too", where every type is searched already
    args = {**before, **said}
    for low, high in (("min_age", "max_age"), ("min_size_mm", "max_size_mm")):
        if args.get(low) is not None and args.get(high) is not None and args[low] > args[high]:
            args.pop(high if low in said else low)  # the newer bound wins
    if request.more and context.last_search:
        args["k"] = min(get_settings().max_hits, context.last_search.facts.asked_k + request.more)
    args["k"] = min(args.get("k", 0), get_settings().max_hits)
    if not args["k"]:
        args.pop("k")
    return {"region_id": region_id, **args}


_CHANGES = re.compile(
    r"\b(?:make|change|bump|set|raise|lower|increase|decrease|extend|instead|rather|go|try|push|take|say)\b"
)


def with_bare_number(request: Request, context: PlanningContext, inherit: bool) -> Request:
    """Let a bare number ("make it 70") replace the one bound there is.

    Raises ClarificationNeededError where it could be more than one thing.
    """
    before = context.last_search.args if inherit and context.last_search else {}
    bounds = [name for name in ("min_age", "max_age", "min_size_mm", "max_size_mm", "k") if name in before]
    value = float(request.unread[0])
    instead = patterns.search(r"(?:not|instead of|rather than) (\d+)", request.text)
    if instead:
        bounds = [name for name in bounds if abs(float(before[name]) - float(instead.group(1))) <= 1] or bounds
    if not bounds and context.last_search and inherit and value <= get_settings().max_hits:
        bounds = ["k"]
        before = {**before, "k": context.last_search.facts.asked_k}
    bound = _nearest_bound({name: float(before[name]) for name in bounds}, value)
    changes = (
        _CHANGES.search(request.text)
        or patterns.match(r"\W*[\d.]+(?:$|,)", request.text)
        or instead
        or request.corrects
    )
    if not changes or not bound or len(request.unread) != 1 or request.wanted.said():
        raise ClarificationNeededError(fixed_sentences.what_number(request.unread[0]))
    said = {bound: value if "size" in bound and value != int(value) else int(value)}
    return replace(request, wanted=FilterSpec(**said), unread=())  # type: ignore[arg-type]


def _nearest_bound(bounds: dict[str, float], value: float) -> str:
    """Name the bound a number replaces: the only one, or one far closer to it than the others; else empty."""
    for low, high in (("min_age", "max_age"), ("min_size_mm", "max_size_mm")):
        if low in bounds and high in bounds and not bounds[low] < value < bounds[high]:
            bounds.pop(low if value >= bounds[high] else high)  # a lower bound cannot lie above the upper
    ratios = sorted((max(value, now) / max(1e-6, min(value, now)), name) for name, now in bounds.items())
    if not ratios or (len(ratios) > 1 and ratios[0][0] * MIN_BOUND_RATIO > ratios[1][0]):
        return ""
    return ratios[0][1]
