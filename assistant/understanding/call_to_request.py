"""From calls to requests: units, bounds and references of the call language resolved by arithmetic."""

import re
from collections.abc import Sequence
from typing import get_args

from assistant.core.requests import FilterName, FilterSpec, HitRef, Intent, RegionRef, Request
from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import MM_PER_UNIT, TOPICS, UNKNOWN_TYPE, ParsedCall, write
from assistant.wording.fixed_sentences import NOT_YET
from tools.domain.facts import ReportFormat
from tools.domain.view import OVERLAYS, ViewChange, WindowStep
from tools.domain.windows import DISPLAY_WINDOWS, Window

INTENTS: dict[str, Intent] = {
    "identify": "what", "hit": "describe_lesion", "study": "describe_study", "regions": "find_regions",
    "sure": "how_sure", "count": "count_hits", "hello": "greeting", "decline": "out_of_scope", "other": "unknown",
    "series": "select_series", "image": "find_image", "where": "measure",
    "go": "view", "window": "view", "zoom": "view", "show": "view", "hide": "view",
    "export": "view", "delete": "remove", "dismiss": "remove", "histogram": "densities",
    "save": "save", "cases": "cases", "edit": "edit",
}  # fmt: skip


def to_request(call: ParsedCall, state: TurnState, ids: Sequence[str] = ()) -> Request:
    """Resolve a call into a request, in this state; `ids` are the lesion ids that stand in it as L1, L2, …

    Raises ValueError for a topic that none declines, and where a series or an image is asked for but not which.
    """
    if call.do == "go" and (call.image or call.slice.isdigit()):
        call = call.model_copy(update={"do": "image"})  # to find an image is to show it
    elif call.do == "go" and call.region:
        call = call.model_copy(update={"do": "where"})
    elif call.do == "export" and _report_format(call) in get_args(ReportFormat):
        call = call.model_copy(update={"do": "report"})  # what is exported is written as a report
    if _is_not_done_yet(call):
        return Request(intent="not_yet", topic=call.do, call=write([call]))
    intent: Intent = INTENTS.get(call.do, call.do)  # type: ignore[assignment, arg-type]
    if call.do == "delete" and (call.hit or call.nth):
        intent = "delete_case"
    view = _view(call)
    types = tuple(t for t in _list(call.add or call.types) if t != UNKNOWN_TYPE)
    without = _list(call.without)
    searched: tuple[str, ...] | None = types or None
    if without:
        kept = types or state.atlas_types
        searched = tuple(t for t in kept if t not in without) or None
    min_age, max_age = _ages(call.age, state)
    min_size, max_size = _sizes(call.size, state)
    dropped = _list(call.drop)
    filters = call.do not in ("explain", "atlas", "identify")
    return Request(
        intent=intent,
        wanted=FilterSpec(
            lesion_types=searched if filters else None,
            sex=call.sex or None,
            min_age=min_age,
            max_age=max_age,
            min_size_mm=min_size,
            max_size_mm=max_size,
            scope=_SCOPES.get(call.scope),  # type: ignore[arg-type]
            k=int(call.k) if call.k else None,
        ),
        cleared=_cleared(dropped),
        cleared_end="min" if "min" in dropped else "max" if "max" in dropped else "",
        regions=tuple(_region(word) for word in _list(call.region)),
        hits=tuple(_hit(word, ids) for word in _list(call.hit)),
        nth=(-1 if call.nth == "last" else int(call.nth)) if call.nth else None,
        types=types,
        left_out=without,
        unknown_type=UNKNOWN_TYPE in f"{call.types}{call.without}{call.add}",
        unmet=_list(call.unmet),
        topic=_topic(call),
        goes_on=call.do == "refine" or (call.do == "search" and bool(call.number)),
        adds_types=bool(call.add),
        more=int(call.more) if call.more else 0,
        unclear=call.vague or ("same age" if call.age == "~" and (min_age, max_age) == (None, None) else ""),
        unread=call.number,
        view=view,
        point=(int(call.x), int(call.y)) if call.x and call.y else None,
    )


_SCOPES = {"same": "same-patient", "other": "cross-patient", "all": "all"}
_FILTERS: tuple[FilterName, ...] = ("type", "sex", "age", "size", "scope")


def _is_not_done_yet(call: ParsedCall) -> bool:
    if call.do == "report":
        return _report_format(call) not in ("", *get_args(ReportFormat))
    if call.do in ("show", "hide"):
        return not set(_list(call.what)) <= {*OVERLAYS} or not call.what
    if call.do == "window":
        return bool(call.width) != bool(call.level) or not (call.preset or call.width)
    if call.do == "export":
        return call.form != "png"
    return call.do in NOT_YET


_WINDOWS = {"soft": "Soft tissue", "mediastinum": "Soft tissue", "abdomen": "Soft tissue"}  # the others by their names
_SLICES = {"first": 1, "last": -1, "middle": 0}  # -1: the last, 0: the middle one


def _view(call: ParsedCall) -> ViewChange | None:
    """Resolve a call to the viewer; None for all others."""
    overlays = tuple(one for one in OVERLAYS if one in _list(call.what))
    if call.do == "go":
        on = int(call.k or 1) * {"next": 1, "previous": -1}.get(call.slice, 0)
        return ViewChange(slice=_SLICES.get(call.slice), slices_on=on)
    if call.do == "window":
        if call.width and call.level:
            return ViewChange(window=Window(float(call.width), float(call.level)))
        if call.preset in get_args(WindowStep):
            return ViewChange(window_step=call.preset)  # type: ignore[arg-type]
        return ViewChange(window=DISPLAY_WINDOWS[_WINDOWS.get(call.preset, call.preset.capitalize())])
    if call.do == "zoom":
        return ViewChange(zoom=call.way or ("in" if not call.region else None))
    if call.do == "show":
        return ViewChange(show=overlays)
    if call.do == "export":
        return ViewChange(save_picture=True)
    return ViewChange(hide=overlays) if call.do == "hide" else None


def _report_format(call: ParsedCall) -> str:
    return "dicom-seg" if call.form == "seg" else call.form


def _topic(call: ParsedCall) -> str:
    """What a request is about, by the one field its kind has for it. Raises ValueError where none has it."""
    if call.do == "decline":
        topic = call.topic or "diagnosis"
        if topic not in TOPICS:
            raise ValueError(f"nothing is declined as {topic!r}")
        return topic
    if call.do in ("series", "image"):
        topic = call.series or call.image or (f"slice {call.slice}" if call.slice.isdigit() else "")
        if not topic:
            raise ValueError(f"it is not said which: {call.written()}")
        return topic
    of_kind = {"atlas": call.by, "report": _report_format(call), "where": "slice"}
    return of_kind.get(call.do, call.topic)


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
    sizes = [_mm(float(n) * MM_PER_UNIT[unit]) for n, unit in re.findall(r"([\d.]+)(mm|cm|in)", code)]
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
