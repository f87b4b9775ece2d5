"""What one request holds: filters, counts, and what it points at. Readers blank out what they have read."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from assistant.core import patterns
from assistant.core.requests import FilterName, HitRef, RegionRef
from tools.domain.lesions import Scope, Sex

SHOW_MORE = 10
NUMBER = r"(\d+(?:\.\d+)?)"
BLANK = " \x00 "


@dataclass
class Slots:
    """What was read so far, and the text that is left."""

    text: str
    min_size_mm: float | None = None
    max_size_mm: float | None = None
    min_age: int | None = None
    max_age: int | None = None
    sex: Sex | None = None
    other_sex: bool = False  # than was searched for, else than the patient's
    scope: Scope | None = None
    types: list[str] = field(default_factory=list)  # to search in
    left_out: list[str] = field(default_factory=list)  # types not to search in
    named: list[str] = field(default_factory=list)  # types named without being a filter ("this liver lesion")
    unknown_types: list[str] = field(default_factory=list)
    k: int | None = None
    more: int = 0  # how many hits more than last time
    cleared: set[FilterName] = field(default_factory=set)
    cleared_end: Literal["", "min", "max"] = ""  # "without the lower bound"
    clear_all: bool = False
    regions: list[RegionRef] = field(default_factory=list)
    hits: list[HitRef] = field(default_factory=list)
    nth: int | None = None
    age_like_patient: bool = False
    ages_as_before: bool = False  # "same ages": of the last search, if it had a range
    size_like_region: bool = False
    unclear: str = ""
    unread: tuple[str, ...] = ()  # numbers that nothing explains

    @property
    def has_person_or_size(self) -> bool:
        return any(
            v is not None
            for v in (self.sex, self.min_age, self.max_age, self.min_size_mm, self.max_size_mm, self.scope)
        ) or (self.age_like_patient or self.size_like_region or self.other_sex)

    @property
    def has_filters(self) -> bool:
        """Something that narrows a search was said."""
        return bool(self.types or self.left_out or self.has_person_or_size or self.k)

    @property
    def any(self) -> bool:
        """Anything at all was read."""
        return bool(
            self.has_filters
            or self.cleared
            or self.cleared_end
            or self.clear_all
            or self.regions
            or self.hits
            or self.nth
            or self.unclear
            or self.unread
        )

    def take(self, pattern: str, use: Callable[[re.Match[str]], bool | None]) -> bool:
        """Blank out every match that `use` accepts (by not returning False)."""
        taken = False

        def one(match: re.Match[str]) -> str:
            nonlocal taken
            if use(match) is False:
                return match.group()
            taken = True
            return BLANK

        self.text = patterns.compiled(pattern).sub(one, self.text)
        return taken
