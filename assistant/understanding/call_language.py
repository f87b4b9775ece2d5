"""The small language the embedded model writes: compact JSON calls, one a request, and how they become requests.

`[{"do":"search","in":"liver","sex":"F","age":">60"}]` says what a person said, in their own numbers and units; turning
"over 60" into years from 61, or 1.5 cm into millimetres, is arithmetic and left to code. Every value is a string, the
keys come in one order, so that the language is regular and each state of a conversation has its own small grammar.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from assistant.core.requests import FilterName, FilterSpec, HitRef, Intent, RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.wording.fixed_sentences import DECLINED

Do = Literal[
    "search", "refine", "identify", "measure", "compare", "hit", "study", "regions", "atlas", "explain", "report",
    "undo", "why", "sure", "count", "filters", "help", "thanks", "hello", "decline", "other",
]  # fmt: skip
TOPICS = tuple(DECLINED)
DROPS = ("age", "sex", "type", "size", "scope", "k", "min", "max", "all")
VAGUE = ("small", "large", "old", "young")
MAX_CALLS = 6
MM = {"mm": 1.0, "cm": 10.0, "in": 25.4}
INTENTS: dict[str, Intent] = {
    "identify": "what", "hit": "describe_lesion", "study": "describe_study", "regions": "find_regions",
    "sure": "how_sure", "count": "count_hits", "hello": "greeting", "decline": "out_of_scope", "other": "unknown",
}  # fmt: skip


class ParsedCall(BaseModel):
    """One request as the model writes it; an empty field was not said. Lists are joined with `+`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    do: Do
    types: str = Field("", alias="in")  # lesion types to search in, or spoken of
    without: str = Field("", alias="not")  # lesion types to leave out
    add: str = ""  # lesion types to search in besides those of the last search
    sex: Literal["", "F", "M"] = ""
    age: str = ""  # >60, >=60, <60, <=60, 50-59, 50, ~50; ~ is the patient's own
    size: str = ""  # >1.5cm, <20mm, 1cm-2cm, ~2cm; ~ is the region's own
    k: str = ""
    more: str = ""  # how many hits more than last time
    scope: Literal["", "same", "other", "all"] = ""
    drop: str = ""  # filters to lift
    region: str = ""  # R2, 2 (the second), last, largest, smallest, other, all
    hit: str = ""  # 3 (the third), L1 (an id of the message), last, largest, smallest, oldest, youngest
    nth: str = ""  # "the second one": a region or a hit, whichever fits
    number: str = ""  # a number whose meaning is open
    vague: str = ""  # a filter that was meant but has no limit
    by: Literal["", "lesion_type", "sex", "body_part", "source"] = ""
    form: Literal["", "html", "json", "dicom-sr"] = Field("", alias="as")
    topic: str = ""

    def written(self) -> dict[str, str]:
        """The fields that were said, in the order of the language."""
        return {key: value for key, value in self.model_dump(by_alias=True).items() if value}


SAID = TypeAdapter(list[ParsedCall])
KEYS = tuple(field.alias or name for name, field in ParsedCall.model_fields.items())


def write(said: Sequence[ParsedCall]) -> str:
    """Requests as the model writes them."""
    return json.dumps([s.written() for s in said], separators=(",", ":"))


def read(text: str) -> list[ParsedCall]:
    """Requests from what the model wrote. Raises pydantic.ValidationError where it is not the language."""
    return SAID.validate_json(text)


# -- the state, as the model reads it ----------------------------------------------------------------------------------
_TOOL_WORDS = {
    "search_similar_lesions": "search", "find_regions": "regions", "measure_region": "measure",
    "describe_lesion": "hit", "compare_lesion": "compare", "describe_atlas": "atlas", "describe_study": "study",
    "explain_lesion_type": "explain", "write_report": "report",
}  # fmt: skip


def state_line(state: TurnState) -> str:
    """What the model knows of the conversation: regions, the last call, the filters of the last search."""
    if state.study is None:
        return "no study"
    parts = [" ".join(r.region_id for r in state.regions[:6]) or "no regions"]
    if state.last_calls:
        parts.append(_TOOL_WORDS.get(state.last_calls[-1].name, "other"))
    last = state.search_of(None)
    if last is not None:
        parts.append(" ".join(["hits", *filter_words(last.args, state.atlas_types)]))
    return "; ".join(parts)


def filter_words(args: dict[str, object], atlas_types: Sequence[str] = ()) -> list[str]:
    """The filters of a search in a few words, e.g. `in liver`, `age 61-`, `k 5`."""
    words = []
    types = args.get("lesion_types")
    if isinstance(types, list | tuple) and types:
        left_out = [t for t in atlas_types if t not in types]
        words.append(f"not {'+'.join(left_out)}" if 0 < len(left_out) < len(types) else f"in {'+'.join(types)}")
    if args.get("sex"):
        words.append(str(args["sex"]))
    for name, low, high in (("age", "min_age", "max_age"), ("size", "min_size_mm", "max_size_mm")):
        ends = [f"{args[end]:g}" if args.get(end) is not None else "" for end in (low, high)]
        if any(ends):
            words.append(f"{name} {ends[0]}-{ends[1]}")
    if args.get("k"):
        words.append(f"k {args['k']}")
    if args.get("scope") not in (None, "cross-patient"):
        words.append(str(args["scope"]).removesuffix("-patient"))
    return words


# -- the grammar of one state ------------------------------------------------------------------------------------------
def grammar(state: TurnState, ids: int = 0) -> str:
    """The language as a Lark grammar for llguidance, with this atlas' types, these regions and `ids` lesion ids."""
    types = "|".join(re.escape(t) for t in state.atlas_types) or "lung"
    one_type = f"(?:{types})"
    regions = [r.region_id for r in state.regions]
    places = "|".join([*regions, "[1-9]", "last", "largest", "smallest", "other", "all"])
    # a region nobody marked can be asked for: the answer says that there is none
    places += r"|R[1-9][0-9]?"
    hits = "|".join(["[1-4]?[0-9]|50", *(f"L{n + 1}" for n in range(ids)), "last", "largest", "smallest", "oldest",
                     "youngest"])  # fmt: skip
    age = r"(?:(?:>=|<=|>|<|~)?1?[0-9]{1,2}|1?[0-9]{1,2}-1?[0-9]{1,2}|~)"
    length = r"[0-9]{1,3}(?:\.[0-9]{1,2})?(?:mm|cm|in)"
    values = {
        "in": _joined(one_type, 7), "not": _joined(one_type, 7), "add": _joined(one_type, 7), "sex": "F|M",
        "age": age, "size": f"(?:>|<|~)?{length}|{length}-{length}|~", "k": "[1-9][0-9]{0,2}", "more": "[1-9][0-9]?",
        "scope": "same|other|all", "drop": _joined("|".join(DROPS), 4), "region": _joined(places, 4),
        "hit": _joined(hits, 4), "nth": "[1-9]|10|last", "number": r"[0-9]{1,4}(?:\.[0-9]{1,2})?",
        "vague": "|".join(VAGUE), "by": "lesion_type|sex|body_part|source", "as": "html|json|dicom-sr",
        "topic": "|".join(TOPICS),
    }  # fmt: skip
    fields = "".join(rf'(?:,"{key}":"(?:{values[key]})")?' for key in KEYS[1:])
    call = rf'\{{"do":"(?:{"|".join(get_args(Do))})"{fields}\}}'
    return f"start: /\\[{call}(?:,{call}){{0,{MAX_CALLS - 1}}}\\]/"


def language(state: TurnState, ids: int = 0) -> re.Pattern[str]:
    """The same language as a regular expression, for what was not decoded under the grammar."""
    return _expression(grammar(state, ids))


@lru_cache(maxsize=64)
def _expression(told: str) -> re.Pattern[str]:
    return re.compile(told.removeprefix("start: /").removesuffix("/"))


def _joined(item: str, most: int) -> str:
    return rf"(?:{item})(?:\+(?:{item})){{0,{most - 1}}}"


# -- from the language to requests -------------------------------------------------------------------------------------
def to_request(said: ParsedCall, state: TurnState, ids: Sequence[str] = ()) -> Request:
    """One call as the planner's request. Its text only says whether it builds on the last search."""
    types = _list(said.types)
    last = state.search_of(None)
    if said.add and last is not None:
        before = [str(t) for t in last.args.get("lesion_types") or ()]
        types = (*before, *(t for t in _list(said.add) if t not in before)) if before else ()
    elif said.add:
        types = _list(said.add)
    without = _list(said.without)
    searched: tuple[str, ...] | None = types or None
    if without:
        kept = types or state.atlas_types
        searched = tuple(t for t in kept if t not in without) or None
    min_age, max_age = _ages(said.age, state)
    min_size, max_size = _sizes(said.size, state)
    dropped = _list(said.drop)
    filters = said.do not in ("explain", "atlas")
    return Request(
        intent=INTENTS.get(said.do, said.do),  # type: ignore[arg-type]
        text="make it" if said.number else _TEXTS.get(said.do, ""),
        wanted=FilterSpec(
            lesion_types=searched if filters else None,
            sex=said.sex or None,
            min_age=min_age,
            max_age=max_age,
            min_size_mm=min_size,
            max_size_mm=max_size,
            scope=_SCOPES.get(said.scope),  # type: ignore[arg-type]
            k=int(said.k) if said.k else None,
        ),
        cleared=_cleared(dropped),
        cleared_end="min" if "min" in dropped else "max" if "max" in dropped else "",
        regions=tuple(_region(word) for word in _list(said.region)),
        hits=tuple(_hit(word, ids) for word in _list(said.hit)),
        nth=(-1 if said.nth == "last" else int(said.nth)) if said.nth else None,
        types=types,
        left_out=without,
        topic=_topic(said),
        follow_up=said.do == "refine",
        more=int(said.more) if said.more else 0,
        unclear=said.vague,
        unread=(said.number,) if said.number else (),
    )


# the planner tells a new search from one that goes on, and a change from a remark, by words like these
_TEXTS = {"search": "similar", "refine": "only"}
_SCOPES = {"same": "same-patient", "other": "cross-patient", "all": "all"}
_FILTERS: tuple[FilterName, ...] = ("type", "sex", "age", "size", "scope")


def _topic(said: ParsedCall) -> str:
    """What a request is about, by the one field its kind has for it. Raises ValueError for what none declines."""
    if said.do == "decline":
        topic = said.topic or "diagnosis"
        if topic not in TOPICS:
            raise ValueError(f"nothing is declined as {topic!r}")
        return topic
    return said.by if said.do == "atlas" else said.form if said.do == "report" else said.topic


def _list(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("+")) if joined else ()


def _cleared(dropped: Sequence[str]) -> frozenset[FilterName]:
    return frozenset(_FILTERS if "all" in dropped else (f for f in _FILTERS if f in dropped))


def _region(word: str) -> RegionRef:
    if re.fullmatch(r"R\d+", word):
        return RegionRef("id", word)
    if word.isdigit():
        return RegionRef("nth", n=int(word))
    return RegionRef("last", n=-1) if word == "last" else RegionRef(word)  # type: ignore[arg-type]


def _hit(word: str, ids: Sequence[str]) -> HitRef:
    if match := re.fullmatch(r"L(\d+)", word):
        return HitRef("id", lesion_id=ids[int(match.group(1)) - 1])
    return HitRef("rank", n=int(word)) if word.isdigit() else HitRef(word)  # type: ignore[arg-type]


def _ages(code: str, state: TurnState) -> tuple[int | None, int | None]:
    """Years from a code, both inclusive: `>60` begins at 61."""
    if not code:
        return None, None
    if code == "~":
        age = state.study.age_years if state.study else None
        return (max(0, age - 5), age + 5) if age is not None else (None, None)
    sign, numbers = _sign(code), [int(n) for n in re.findall(r"\d+", code)]
    if sign == "~":
        return numbers[0] - 5, numbers[0] + 5
    if not sign:
        return min(numbers), max(numbers)
    return (numbers[0] + (sign == ">"), None) if ">" in sign else (None, numbers[0] - (sign == "<"))


def _sizes(code: str, state: TurnState) -> tuple[float | None, float | None]:
    """Millimetres from a code; sizes are continuous, so bounds are taken as they are."""
    if not code:
        return None, None
    if code == "~":
        region = state.region(state.selected or state.last_region or "") or next(iter(state.regions), None)
        size = region.long_axis_mm if region else None
        return (round(0.75 * size, 1), round(1.25 * size, 1)) if size else (None, None)
    sizes = [_mm(float(n) * MM[unit]) for n, unit in re.findall(r"([\d.]+)(mm|cm|in)", code)]
    sign = _sign(code)
    if len(sizes) > 1:
        return min(sizes), max(sizes)
    if ">" in sign or "<" in sign:
        return (sizes[0], None) if ">" in sign else (None, sizes[0])
    return round(0.8 * sizes[0], 1), round(1.2 * sizes[0], 1)


def _sign(code: str) -> str:
    match = re.match(r"[<>]=?|~", code)
    return match.group() if match else ""


def _mm(size: float) -> float:
    return int(size) if size == int(size) else round(size, 2)
