"""The call language, which the trained readers write: compact JSON, one call a request.

`[{"do":"search","in":"liver","sex":"F","age":">60"}]` says what the user said, in their own numbers and units; turning
"over 60" into years from 61, or 1.5 cm into millimetres, is arithmetic and left to code (`call_to_request.py`). Every
value is a string, the keys come in one order, so that the language is regular and each state of a conversation has its
own small grammar, a regular expression.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from assistant.core.turn_state import TurnState
from assistant.wording import study_answers
from assistant.wording.fixed_sentences import DECLINED, UNMET

Do = Literal[
    "search", "refine", "identify", "measure", "compare", "hit", "study", "regions", "atlas", "explain", "report",
    "undo", "why", "sure", "count", "filters", "help", "thanks", "hello", "decline", "other",
    "go", "series", "window", "zoom", "show", "hide", "accept", "dismiss", "delete", "rename",  # the viewer
    "volume", "distance", "histogram", "density", "where", "image",
    "save", "cases", "edit", "quiz", "hint", "truth", "export",
]  # fmt: skip
Way = Literal["in", "out", "fit"]
By = Literal["lesion_type", "sex", "body_part", "source"]
Form = Literal["html", "json", "dicom-sr", "pdf", "text", "markdown", "png", "csv", "seg", "clipboard"]
TOPICS = tuple(DECLINED)
STUDY_TOPICS = tuple(study_answers.TOPICS)
VAGUE = ("small", "large", "old", "young")
MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "in": 25.4}
UNKNOWN_TYPE = "?"  # a type or an organ that is named, but that the atlas does not have
# the words that a value may be or hold, by key; numbers and lesion types stand beside them
WORDS: dict[str, tuple[str, ...]] = {
    "sex": ("F", "M"),
    "scope": ("same", "other", "all"),
    "drop": ("age", "sex", "type", "size", "scope", "k", "min", "max", "all"),
    "region": ("last", "largest", "smallest", "other", "all"),
    "hit": ("last", "largest", "smallest", "oldest", "youngest"),
    "nth": ("last",),
    "vague": VAGUE,
    "unmet": tuple(UNMET),
    "slice": ("next", "previous", "first", "last", "middle"),
    "series": ("next", "previous", "other", "prior", "newest", "last", "axial", "coronal", "sagittal", "soft", "sharp",
               "contrast", "plain"),
    "preset": ("lung", "bone", "soft", "liver", "brain", "mediastinum", "abdomen", "default", "wider", "narrower",
               "brighter", "darker"),
    "way": get_args(Way),
    "what": ("outlines", "labels", "rulers", "hits", "map", "heatmap"),
    "name": ("T1",),
    "by": get_args(By),
    "as": get_args(Form),
    "topic": (*TOPICS, *STUDY_TOPICS),
}  # fmt: skip
TYPE_KEYS = ("in", "not", "add")  # their values are lesion types
MAX_CALLS = 6  # in one message


class ParsedCall(BaseModel):
    """One call as a reader writes it; an empty field was not said. Lists are joined with `+`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    do: Do
    types: str = Field("", alias="in")  # lesion types to search in, or spoken of; ? is one that the atlas has not
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
    unmet: str = ""  # conditions that the atlas does not record
    slice: str = ""  # 12, next
    image: str = ""  # the file's own number of an image
    series: str = ""  # 2, next, coronal
    preset: str = ""  # a display window, or how it is to change
    width: str = ""  # of the display window, HU
    level: str = ""  # its centre, HU
    way: Way | Literal[""] = ""  # of zooming
    what: str = ""  # shown or hidden
    name: Literal["", "T1"] = ""  # the name that the message gives
    x: str = ""  # an image column
    y: str = ""  # an image row
    by: By | Literal[""] = ""
    form: Form | Literal[""] = Field("", alias="as")
    topic: str = ""  # what is declined, or what is asked of the study

    def written(self) -> dict[str, str]:
        """Return the fields that were said, in the order of the language."""
        return {key: value for key, value in self.model_dump(by_alias=True).items() if value}


CALLS = TypeAdapter(list[ParsedCall])
KEYS = tuple(field.alias or name for name, field in ParsedCall.model_fields.items())


def write(calls: Sequence[ParsedCall]) -> str:
    """Write calls in the language."""
    return json.dumps([call.written() for call in calls], separators=(",", ":"), ensure_ascii=False)


def read(text: str) -> list[ParsedCall]:
    """Parse what `write` writes. Raises pydantic.ValidationError where it is not the language."""
    return CALLS.validate_json(text)


# -- the state, as the readers are told of it --------------------------------------------------------------------------
_TOOL_WORDS = {
    "search_similar_lesions": "search", "find_regions": "regions", "measure_region": "measure",
    "describe_lesion": "hit", "compare_lesion": "compare", "describe_atlas": "atlas", "describe_study": "study",
    "explain_lesion_type": "explain", "write_report": "report",
}  # fmt: skip


def state_line(state: TurnState) -> str:
    """Describe the conversation in one line: regions, the last call, the filters of the last search."""
    if state.study is None:
        return "no study"
    parts = [" ".join(r.region_id for r in state.regions[:6]) or "no regions"]
    if state.last_calls and (
        word := _TOOL_WORDS.get(state.last_calls[-1].name)
    ):  # of others the readers learnt nothing
        parts.append(word)
    last = state.search_of(None)
    if last is not None:
        parts.append(" ".join(["hits", *filter_words(last.args, state.atlas_types)]))
    return "; ".join(parts)


def filter_words(args: dict[str, object], atlas_types: Sequence[str] = ()) -> list[str]:
    """Name the filters of a search in a few words, e.g. `in liver`, `age 61-`, `k 5`."""
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


def language(state: TurnState, ids: int = 0) -> re.Pattern[str]:
    """Compile the language as a regular expression: this atlas' types, these regions and `ids` lesion ids."""
    types = "|".join(re.escape(t) for t in (*(state.atlas_types or ("lung",)), UNKNOWN_TYPE))
    # a region nobody marked can be asked for: the answer says that there is none
    regions = "|".join([*(r.region_id for r in state.regions), "[1-9]", *WORDS["region"], "R[1-9][0-9]?"])
    hits = "|".join(["[1-4]?[0-9]|50", *(f"L{n + 1}" for n in range(ids)), *WORDS["hit"]])
    age = r"(?:(?:>=|<=|>|<|~)?1?[0-9]{1,2}|1?[0-9]{1,2}-1?[0-9]{1,2}|~)"
    length = r"[0-9]{1,3}(?:\.[0-9]{1,2})?(?:mm|cm|in)"
    number = "[1-9][0-9]{0,4}"
    values = {key: "|".join(words) for key, words in WORDS.items()} | dict.fromkeys(TYPE_KEYS, _joined(types, 7))
    values |= {
        "age": age,
        "size": f"(?:>|<|~)?{length}|{length}-{length}|~",
        "k": "[1-9][0-9]{0,2}",
        "more": "[1-9][0-9]?",
        "region": _joined(regions, 4),
        "hit": _joined(hits, 4),
        "nth": f"[1-9]|10|{values['nth']}",
        "number": r"[0-9]{1,4}(?:\.[0-9]{1,2})?",
        "slice": f"{number}|{values['slice']}",
        "image": f"0|{number}",
        "series": f"[1-9][0-9]{{0,2}}|{values['series']}",
        "width": number,
        "level": f"-?(?:0|{number})",
        "x": f"0|{number}",
        "y": f"0|{number}",
    }
    for key, most in (("drop", 4), ("unmet", 3), ("what", 4), ("topic", 6)):
        values[key] = _joined(values[key], most)
    fields = "".join(rf'(?:,"{key}":"(?:{values[key]})")?' for key in KEYS[1:])
    call = rf'\{{"do":"(?:{"|".join(get_args(Do))})"{fields}\}}'
    return _compiled(rf"\[{call}(?:,{call}){{0,{MAX_CALLS - 1}}}\]")


@lru_cache(maxsize=64)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def _joined(item: str, max_items: int) -> str:
    return rf"(?:{item})(?:\+(?:{item})){{0,{max_items - 1}}}"
