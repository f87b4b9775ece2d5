"""What one message may ask for: an intent, filters as they were said, and what it points at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from assistant.core.turn_state import TurnState
from tools.domain.lesions import Scope, Sex
from tools.domain.view import ViewChange

FilterName = Literal["type", "sex", "age", "size", "scope"]

Intent = Literal[
    "search", "what", "describe_study", "find_regions", "measure", "compare", "describe_lesion", "atlas", "explain",
    "report", "why", "how_sure", "count_hits", "filters", "help", "thanks", "greeting", "out_of_scope", "refine",
    "undo", "unknown", "select_series", "find_image", "view", "beside", "remove", "accept", "distance", "densities",
    "volume", "density", "rename", "not_yet", "save", "cases", "edit", "delete_case",
    "quiz", "hint", "truth",
]  # fmt: skip


@dataclass(frozen=True)
class RegionRef:
    """Refer to a region: by id, by place in the list, by size, to all of them, or to all but one."""

    kind: Literal["id", "nth", "largest", "smallest", "other", "all", "last", "all but"]
    region_id: str = ""
    n: int = 0


@dataclass(frozen=True)
class HitRef:
    """Refer to a hit: by rank (1 is the closest), by id, or in words."""

    kind: Literal["rank", "id", "last", "largest", "smallest", "oldest", "youngest"]
    n: int = 0
    lesion_id: str = ""


@dataclass(frozen=True)
class FilterSpec:
    """Hold filters as the user said them; None was not said. Bounds are inclusive, sizes the long axis in mm."""

    lesion_types: tuple[str, ...] | None = None
    sex: Sex | None = None
    min_age: int | None = None
    max_age: int | None = None
    min_size_mm: float | None = None
    max_size_mm: float | None = None
    scope: Scope | None = None
    k: int | None = None

    def said(self) -> dict[str, object]:
        """Return only what was said, named as the search tool's arguments."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v is not None}


@dataclass(frozen=True)
class CaseWords:
    """Hold what a message says of a case: its type in the message's own words, how that is known, how hard it is, and
    whether it speaks of a teaching note."""

    lesion_type: str | None = None
    confirmed_by: str | None = None
    difficulty: str | None = None
    noted: bool = False


@dataclass(frozen=True)
class Request:
    """Hold one thing asked for, as a reader understood it: data that planning reads, never words."""

    intent: Intent
    wanted: FilterSpec = field(default_factory=FilterSpec)
    cleared: frozenset[FilterName] = frozenset()  # filters to lift
    cleared_end: Literal["", "min", "max"] = ""  # a lower or upper bound to lift
    regions: tuple[RegionRef, ...] = ()
    hits: tuple[HitRef, ...] = ()
    nth: int | None = None  # "the second one": a region or a hit, whichever fits
    types: tuple[str, ...] = ()  # types that were named, as filters or not
    left_out: tuple[str, ...] = ()
    unknown_type: bool = False  # one is named that the atlas does not have
    topic: str = ""  # group_by, report format, what is declined or not done yet, or what is asked of the study
    goes_on: bool = False  # a search that keeps the filters of the last one
    adds_types: bool = False  # the types wanted come to those of the last search
    more: int = 0  # how many hits more than last time
    unmet: tuple[str, ...] = ()  # kinds of conditions that the atlas does not record, such as disease
    unclear: str = ""  # a filter that was meant but cannot be read, such as "small"
    unread: str = ""  # a number whose meaning is open
    case: CaseWords = CaseWords()  # of a case that is to be saved, listed or edited
    view: ViewChange | None = None  # how the viewer is to show the series; a region to zoom to is among `regions`
    name: str = ""  # that a region is to have
    point: tuple[int, int] | None = None  # column and row of a pixel, from 0
    slice: int | None = None  # of that pixel, from 1
    unkept: tuple[str, ...] = ()  # conditions of suggestions that cannot be kept, by their sentence
    thanked: bool = False
    foreign: bool = False  # said in another language than the answer is in
    call: str = ""  # what is not done yet, as the reader wrote it


Understand = Callable[[str, TurnState], Sequence[Request]]  # a message and its state, as it is read
