"""Sentences written one by one, with their meaning: what a grammar never makes.

A line of `sentences/*.txt` is `STATE | sentence | calls`, e.g. `hits in liver | {organ} instead, {age} or up | refine
in={type} age=>={age}`: the state of the conversation, what is said in it, and the calls it means in the keys of
`assistant/understanding/call_language.py`. Placeholders are filled anew each time, the same value in the sentence and in the calls.
A line `types: hepatic cyst; adenoma` gives the lines after it an atlas of these types; the others, which have DeepLesion's, are
moved into drawn atlases part of the time (`generator/other_atlases.py`).
About one line in seven is kept apart, and one author wholly: tuning never sees them, the readers are measured on them.
"""

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from assistant.core.turn_state import TurnState
from assistant.training.generator import number_phrases as nums
from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.noise import typed, voiced
from assistant.training.generator.other_atlases import moved, ways_to_name
from assistant.training.generator.scenes import Fields, Scene, drawn_filters
from assistant.understanding.call_language import KEYS, MM_PER_UNIT, Do, ParsedCall, language, write
from encoder.errors import LesionSearchError

FOLDER = Path(__file__).parent / "sentences"
KEPT_APART = 0.15  # share of the lines
HAVE_A_VOICE = (
    "abroad",
    "clinical",
    "hasty",
    "misheard",
    "non_native",
    "rough_english",
    "slips_of_all_kinds",
    "thumbs",
)  # files whose lines are dictated, misspelt or in a foreigner's English already
UNSEEN = (
    "colleagues",
    "gate_voices",
    "gate_types",
)  # files of which every line is for measuring: how an unknown author is understood
OFTEN = {
    "at_work": 3,
    "viewer_words": 3,
    "viewer_teaching": 3,
    "weak_several": 3,
    "both_at_once": 2,
    "lists": 2,
    "two_bounds": 2,
    "several_voices": 2,
    "other_collections": 2,
    "own_atlases": 2,
    "type_naming": 2,
    "screen_orders": 2,
    "three_at_once": 2,
    "ends_and_lists": 2,
    "slips_of_all_kinds": 2,
    "beside_searching": 2,
}  # files of what few others speak of: times as often
FOCUS = 4  # times as often, the files that a training dwells on
VOICED = 0.4  # share of the other lines that get one
TOGETHER = 0.12  # share of the lines that are said together with another one
MOST_TOGETHER = 160  # characters of two such lines
OTHER_FILTERS = 0.4  # share of follow-ups whose search has filters the line says nothing of
OTHER_ATLAS = 0.33  # share of the sentences that are moved into a drawn atlas
TYPES_LINE = "types:"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
MEN = ("men", "men", "males", "male patients", "guys", "gentlemen", "gents", "male pts", "blokes", "fellows")
WOMEN = ("women", "women", "females", "female patients", "ladies", "female pts", "womenfolk")
ORGANS = {
    name: (name, name, name, *(p.removeprefix("the ") for p in places if p.startswith("the ") and " o" not in p[4:]))
    for name, (_, places, _) in ph.TYPES.items()
}  # single nouns that "the" can stand before


class WrittenError(LesionSearchError):
    """A line is not in the format, or its calls are not in the language."""


@dataclass(frozen=True)
class Line:
    """One sentence as it was written, with its placeholders."""

    state: str
    text: str
    calls: str
    file: str  # without its ending
    number: int
    types: tuple[str, ...] = ph.TYPE_NAMES  # of the atlas

    @property
    def kept_apart(self) -> bool:
        """Tell whether it is for measuring. Decided by the sentence, so that it stays so wherever the line stands, but for
        the lines of an author of whom nothing is learnt."""
        if self.file in UNSEEN:
            return True
        words = " ".join(re.findall(r"\w+", self.text.casefold()))
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4]) / 2**32 < KEPT_APART


@dataclass(frozen=True)
class Filled:
    """A line with values: the state it is said in, the sentence, the calls."""

    scene: Scene
    text: str
    said: tuple[ParsedCall, ...]


@lru_cache
def lines(folder: Path = FOLDER) -> tuple[Line, ...]:
    """Read all lines, checked. Raises WrittenError with file and number where one is not in the language."""
    return tuple(_checked(line) for path in sorted(folder.glob("*.txt")) for line in _read(path))


@lru_cache
def learnt_from(folder: Path = FOLDER) -> tuple[Line, ...]:
    """List the lines that training may use."""
    return tuple(line for line in lines(folder) if not line.kept_apart)


@lru_cache
def measured(folder: Path = FOLDER) -> tuple[tuple[Line, Filled], ...]:
    """List the lines kept apart, each filled once and as it was written."""
    return tuple((line, fill(line, random.Random(line.text), voice=False)) for line in lines(folder) if line.kept_apart)


def written(rng: random.Random, focus: tuple[str, ...] = ()) -> Filled:
    """Draw one of the lines that training may use, or two that are said together, filled; those of `focus` more often."""
    line = _drawn(rng, focus)
    if rng.random() < TOGETHER and (other := _said_beside(line, rng, focus)) is not None:
        return _spoken(_joined(_filled(line, rng), _filled(other, rng), rng), rng, voice=rng.random() < VOICED)
    return fill(line, rng)


def _drawn(rng: random.Random, focus: tuple[str, ...]) -> Line:
    """Draw a line; those with more to fill come more often."""
    return rng.choices(learnt_from(), cum_weights=_weights(focus))[0]


def _said_beside(line: Line, rng: random.Random, focus: tuple[str, ...]) -> Line | None:
    """Draw a line of one other request that may be made in the same state; None if a few draws bring none."""
    do = line.calls.split()[0]
    for other in (_drawn(rng, focus) for _ in range(12)):
        requests = {_KIND.get(do, do), _KIND.get(other.calls.split()[0], other.calls.split()[0])}
        single = ";" not in line.calls + other.calls and len(line.text) + len(other.text) < MOST_TOGETHER
        if single and len(requests) == 2 and (line.state, line.types) == (other.state, other.types):
            return other
    return None


def _joined(first: Filled, second: Filled, rng: random.Random) -> Filled:
    """Say two sentences in one breath."""
    before, after = first.text.rstrip(" .?!,"), second.text
    joint = rng.choice((" and ", " and ", ", and ", ". ", "? ", ", then ", "; ", " and then ", ". Also ", ", plus "))
    after = after if joint[0] in ".?" or re.match(r"[RI]\b|[RL]\d", after) else after[:1].lower() + after[1:]
    scene = replace(first.scene, regions=max(first.scene.regions, second.scene.regions))
    return Filled(scene, before + joint + after, (*first.said, *second.said))


_KIND = {"refine": "search", "other": "thanks", "hello": "thanks"}  # two searches, or two remarks, are rather one


@lru_cache
def _weights(focus: tuple[str, ...]) -> tuple[int, ...]:
    if unknown := set(focus) - {line.file for line in learnt_from()}:
        raise WrittenError(f"there are no sentences of {', '.join(sorted(unknown))} to learn from")
    often = OFTEN | {file: FOCUS * OFTEN.get(file, 1) for file in focus}
    return tuple(accumulate(often.get(line.file, 1) * (1 + min(2, line.text.count("{"))) for line in learnt_from()))


def fill(line: Line, rng: random.Random, voice: bool = True) -> Filled:
    """Fill a line with random values in the sentence, the calls and the state; as it was written, if without a voice.

    Raises WrittenError.
    """
    filled = _filled(line, rng)
    if not voice:
        return filled
    return _spoken(filled, rng, line.file not in HAVE_A_VOICE and rng.random() < VOICED)


def _spoken(filled: Filled, rng: random.Random, voice: bool) -> Filled:
    """Type a sentence as somebody would, part of the time in another atlas; in a voice of its own, if it has none."""
    scene, text, said = filled.scene, filled.text, filled.said
    if scene.types == ph.TYPE_NAMES and rng.random() < OTHER_ATLAS:
        scene, text, said = in_another_atlas(scene, text, said, rng)
    return Filled(scene, voiced(text, rng, remark=False) if voice else typed(text, rng), said)


def _filled(line: Line, rng: random.Random) -> Filled:
    try:
        regions, hits, given = _state(line.state, line.types)
        regions = max(regions, *(int(n) for n in re.findall(r"\bR([1-9])\b", f"{line.text} {line.calls}")), 0)
        if regions and not line.state.startswith("two"):
            regions = max(regions, rng.choices((1, 2, 3), (75, 18, 7))[0])
        values = _values(line, max(1, regions), rng)
        said = tuple(_call(part, values) for part in line.calls.split(";"))
        text = _PLACEHOLDER.sub(lambda m: _as_said(m, values, line.types, rng), line.text)
    except (KeyError, ValueError) as error:
        reason = "a call is not of the language" if isinstance(error, ValidationError) else str(error).strip("'\"")
        raise WrittenError(f"{line.file}.txt, line {line.number}: {reason}: {line.calls}") from error
    if hits and not given and rng.random() < OTHER_FILTERS:
        given = drawn_filters(rng)
    before = ("", "", "", "measure", "study", "atlas", "explain", "report") if regions else ("", "", "study", "regions")
    after = rng.choices(("search", "hit", "compare", "measure"), (85, 7, 5, 3))[0]
    scene = Scene(regions, after if hits else rng.choice(before), hits, given, line.state != "nostudy", line.types)
    return Filled(scene, text, said)


def in_another_atlas(
    scene: Scene, text: str, said: Sequence[ParsedCall], rng: random.Random
) -> tuple[Scene, str, tuple[ParsedCall, ...]]:
    """Move what is said in a scene into a drawn atlas, where that can be done."""
    found = moved(text, said, scene.filters, rng)
    if found is None:
        return scene, text, tuple(said)
    text, calls, filters, types = found
    return replace(scene, filters=filters, types=types), text, tuple(calls)


def _read(path: Path) -> list[Line]:
    found = []
    types: tuple[str, ...] = ph.TYPE_NAMES
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not row.strip():
            continue
        if row.startswith(TYPES_LINE):
            types = tuple(name.strip() for name in row.removeprefix(TYPES_LINE).split(";") if name.strip())
            continue
        parts = [part.strip() for part in row.split(" | ")]
        if len(parts) != 3:
            raise WrittenError(f"{path.name}, line {number}: expected `STATE | sentence | calls`: {row[:60]}")
        state, text, calls = parts
        found.append(Line(state, text, calls, path.stem, number, types))
    return found


def _checked(line: Line) -> Line:
    """Return the line, if it means something in the language with any value, and says every value it means."""
    missing = set(_PLACEHOLDER.findall(line.calls)) - {_SAID_AS.get(n, n) for n in _PLACEHOLDER.findall(line.text)}
    if missing:
        raise WrittenError(f"{line.file}.txt, line {line.number}: the sentence does not say {', '.join(missing)}")
    for seed in range(3 if "{" in line.calls else 1):  # without a placeholder the calls are always the same
        answer = write(fill(line, random.Random(seed), voice=False).said)
        if not language(TurnState(atlas_types=line.types), ids=1).fullmatch(answer):
            raise WrittenError(f"{line.file}.txt, line {line.number}: not in the language: {answer}")
    return line


_SAID_AS = {"organ": "type", "organ2": "type2", "hitth": "hit"}


# -- the state ---------------------------------------------------------------------------------------------------------
_STATES = {"new": (1, False), "hits": (1, True), "two": (2, False), "two hits": (2, True), "none": (0, False),
           "nostudy": (0, False)}  # fmt: skip


def _state(text: str, types: Sequence[str]) -> tuple[int, bool, Fields]:
    """Parse a state: regions at least, whether there are hits, and the filters of their search in the order of a state line."""
    match = re.fullmatch(r"(two hits|two|hits|new|none|nostudy)((?: .+)?)", text)
    if match is None or (match.group(2) and not match.group(1).endswith("hits")):
        raise ValueError(f"no state {text!r}")
    words, given = match.group(2).split(), {}
    while words:
        word = words.pop(0)
        if word in ("F", "M"):
            given["sex"] = word
        elif word in ("in", "not", "age", "size", "k", "scope") and words:
            given[word] = words.pop(0).replace("_", " ")
        else:
            raise ValueError(f"no filter {word!r} in a state")
    if any(re.fullmatch(r"\d*-\d*", given.get(name, "-")) is None for name in ("age", "size")):
        raise ValueError("a range in a state is LOW-HIGH, LOW- or -HIGH")
    if not {*given.get("in", "").split("+"), *given.get("not", "").split("+")} <= {"", *types}:
        raise ValueError("an unknown type in the state")
    if given.get("scope") == "other":  # what a search does unasked is not told
        del given["scope"]
    order = ("in", "not", "sex", "age", "size", "k", "scope")
    return *_STATES[match.group(1)], {key: given[key] for key in order if key in given}


# -- values ------------------------------------------------------------------------------------------------------------
def _values(line: Line, regions: int, rng: random.Random) -> dict[str, str]:
    """Draw a value for each placeholder, as the calls write it."""
    spoken_of = [t for t in line.types if t.replace(" ", "_") in re.split(r"[\s=+;]", f"{line.state} {line.calls}")]
    free = [t for t in line.types if t not in spoken_of]
    one, other = rng.sample(free if len(free) > 1 else line.types, 2)
    age = min(nums.some_age(rng), 84)
    hits = int(k.group(1)) if (k := re.search(r"\bk (\d+)", line.state)) else 10
    sizes = [nums.length(rng), nums.length(rng)]
    while _mm(sizes[0][1]) >= _mm(sizes[1][1]):
        sizes = [nums.length(rng), nums.length(rng)]
    most = 5 if "regions" in line.calls else 12
    return {
        "type": one, "type2": other, "age": str(age), "decade": f"{(d := rng.choice(tuple(nums.DECADES)))}-{d + 9}",
        "age2": str(min(99, age + rng.choice((5, 10, 10, 15, 20, rng.randint(2, 30))))),
        "size": sizes[0][1], "size2": sizes[1][1], "said size": sizes[0][0], "said size2": sizes[1][0],
        "k": str(rng.choice((3, 4, 5, min(10, most), rng.randint(2, most), rng.randint(2, most if most < 6 else 30)))),
        "R": f"R{rng.randint(1, regions)}", "hit": str(rng.randint(1, min(hits, rng.choice((4, 10))))),
    }  # fmt: skip


def _call(part: str, values: dict[str, str]) -> ParsedCall:
    """Parse `do key=value …` with the placeholders filled."""
    do, *pairs = part.split()
    if do not in get_args(Do):
        raise ValueError(f"no call {do!r}")
    fields = {key: value for key, _, value in (pair.partition("=") for pair in pairs)}
    if len(fields) < len(pairs) or not set(fields) <= set(KEYS[1:]) or not all(fields.values()):
        raise ValueError("keys twice, unknown or empty")
    filled = {key: _PLACEHOLDER.sub(lambda m: values[m.group(1)], value) for key, value in fields.items()}
    return ParsedCall.model_validate(
        {"do": do, **{key: value.replace("_", " ") if key != "by" else value for key, value in filled.items()}}
    )


def _as_said(match: re.Match[str], values: dict[str, str], types: tuple[str, ...], rng: random.Random) -> str:
    """Write a value as it is said in its place: signs and letters beside it ask for digits."""
    name, sentence = match.group(1), match.string
    before, after = sentence[: match.start()][-1:], sentence[match.end() :][:1]
    touched = before not in ("", " ", "(", '"', "'") or after not in ("", *" ,.?!;:)\"'")
    if name in ("type", "type2", "organ", "organ2") and types != ph.TYPE_NAMES:
        return rng.choice(ways_to_name(values[_SAID_AS.get(name, name)], types))
    if name in ("type", "type2"):
        return rng.choice(ph.TYPES[values[name]][0])
    if name in ("organ", "organ2"):
        return rng.choice(ORGANS[values[_SAID_AS[name]]])
    if name in ("men", "women"):
        return rng.choice(MEN if name == "men" else WOMEN)
    if name in ("man", "woman"):
        return "male" if name == "man" else "female"
    if name == "R":
        return values[name] if touched else rng.choice((values[name], values[name], values[name], values[name].lower()))
    if name == "decade":
        tens = int(values[name][:2])
        return rng.choice((nums.DECADES[tens], nums.DECADES[tens], f"{tens}s", f"{tens}s", f"{tens}'s"))
    if name == "hitth":
        return nums.ordinal(int(values["hit"]), rng)
    if name in ("size", "size2"):
        said = values[f"said {name}"]
        return said if not touched or said[0].isdigit() else values[name].replace("in", " inches")
    if name in ("age", "age2", "k", "hit"):
        return values[name] if touched else nums.number(int(values[name]), rng, 0.4 if name == "k" else 0.2)
    raise KeyError(f"no placeholder {{{name}}}")


def _mm(code: str) -> float:
    return float(code[:-2]) * MM_PER_UNIT[code[-2:]]
