"""The call language as a formal grammar: which calls can be meant in one state of a conversation."""

import re
from functools import lru_cache
from typing import get_args

from assistant.core.turn_state import TurnState
from assistant.understanding.call_language import KEYS, TYPE_KEYS, UNKNOWN_TYPE, WORDS, Do

MAX_CALLS = 6  # in one message


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
