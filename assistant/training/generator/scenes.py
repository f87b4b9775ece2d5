"""Scenes: the state of a conversation that a message is said in."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.training.generator import phrase_tables as ph
from assistant.understanding.call_language import ParsedCall

Fields = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """The state a message is said in, as far as a reader is told of it."""

    regions: int = 0
    last: str = ""  # the last call
    hits: bool = False  # there was a search
    filters: Fields = field(default_factory=dict)  # of it
    study: bool = True
    types: tuple[str, ...] = ph.TYPE_NAMES  # of the atlas

    @property
    def line(self) -> str:
        """The state as `call_language.state_line` writes it."""
        if not self.study:
            return "no study"
        parts = [" ".join(f"R{n + 1}" for n in range(self.regions)) or "no regions"]
        if self.last:
            parts.append(self.last)
        if self.hits:
            parts.append(" ".join(["hits", *(f"{k} {v}" if k not in ("sex", "scope") else v
                                             for k, v in self.filters.items())]))  # fmt: skip
        return "; ".join(parts)


Made = tuple[str, list[ParsedCall]]
Maker = Callable[[random.Random, Scene], Made]


def call(do: str, **fields: str) -> ParsedCall:
    """Make a call of the language, by the names it writes."""
    return ParsedCall.model_validate({"do": do, **{k.rstrip("_"): v for k, v in fields.items()}})


def drawn_scene(rng: random.Random) -> Scene:
    """Draw a state as conversations have them: most often one region, half of the time nothing searched yet."""
    roll = rng.random()
    if roll < 0.05:
        return Scene(study=False)
    regions = rng.choices((0, 1, 2, 3, 4, 5), weights=(12, 55, 20, 7, 3, 3))[0]
    if rng.random() < 0.45:
        return Scene(regions, rng.choice(("", "", "", "measure", "study", "atlas", "explain", "regions", "report")))
    filters = drawn_filters(rng)
    last = rng.choices(("search", "hit", "compare", "measure", "explain", "report", "atlas"), (74, 8, 6, 5, 3, 2, 2))[0]
    return Scene(max(1, regions), last, True, filters)


def drawn_filters(rng: random.Random) -> Fields:
    """Draw the filters a search may have had, often none, in the order of a state line."""
    filters: Fields = {}
    if rng.random() < 0.3:
        filters["in"] = "+".join(ph.some_types(rng))
    elif rng.random() < 0.1:
        filters["not"] = "+".join(ph.some_types(rng, 2))
    if rng.random() < 0.25:
        filters["sex"] = rng.choice("FM")
    if rng.random() < 0.3:
        low, high = rng.randint(18, 60), rng.randint(61, 95)
        filters["age"] = rng.choice((f"{low}-", f"-{high}", f"{low}-{high}"))
    if rng.random() < 0.25:
        low, high = rng.choice((5, 8, 10, 12, 15)), rng.choice((20, 25, 30, 40))
        filters["size"] = rng.choice((f"{low}-", f"-{high}", f"{low}-{high}"))
    if rng.random() < 0.2:
        filters["k"] = str(rng.randint(1, 20))
    if rng.random() < 0.1:
        filters["scope"] = rng.choice(("same", "all"))
    return filters
