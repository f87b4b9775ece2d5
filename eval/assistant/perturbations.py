"""Honest sentences made false in one place: what an inattentive model writes. Each change is false by construction."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.core.evidence import Evidence
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    HitFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    SeriesSelected,
)

INVENTED = (Path(__file__).resolve().parent / "invented_sentences.txt").read_text(encoding="utf-8").splitlines()
NUM = r"\d+(?:\.\d+)?"
BOUND = r"(?:under|over|below|above|than|least|most|to)\s+$"  # before a percentage: another one may be true as well
SWAPS = {"woman": "man", "women": "men", "female": "male", "females": "males", "she": "he", "her": "his"}
SEXES = SWAPS | {new: old for old, new in SWAPS.items()}
OPPOSITES = {"longer": "shorter", "larger": "smaller", "older": "younger", "bigger": "smaller", "denser": "less dense"}
WAYS = OPPOSITES | {new: old for old, new in OPPOSITES.items() if old != "bigger"}
LEVELS = ("high", "moderate", "low")
THINGS = "hits?|slices|patients|lesions|regions?|searches|cases|places|results|matches|neighbours"


@dataclass(frozen=True)
class Context:
    """What must be known to be sure that a change is false."""

    types: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    turn: int | None = None  # that is answered; None: the newest with evidence

    @cached_property
    def brought(self) -> list[Facts]:
        """Find what the tools brought in this turn."""
        turn = max((e.turn for e in self.evidence), default=0) if self.turn is None else self.turn
        return [e.facts for e in self.evidence if e.turn == turn]

    @cached_property
    def searches(self) -> list[SearchFacts]:
        """Find the searches of the evidence, the latest first."""
        return [e.facts for e in reversed(self.evidence) if isinstance(e.facts, SearchFacts)]

    @cached_property
    def hits(self) -> dict[str, HitFacts]:
        """Find the hits of those searches by lesion id, the latest record of each."""
        return {hit.lesion_id: hit for search in reversed(self.searches) for hit in search.hits}

    def same_count(self, a: str, b: str) -> bool:
        """Tell whether two groups of the atlas are of one size."""
        counts = [e.facts.counts for e in self.evidence if isinstance(e.facts, AtlasFacts)]
        return any(a in c and c[a] == c.get(b) for c in counts)

    def same_share(self, a: str, b: str) -> bool:
        """Tell whether two types have the same count or, rounded, share of a vote, so that a swap stays true."""
        counts = [e.facts.counts for e in self.evidence if isinstance(e.facts, AtlasFacts)]
        counts += [{v.lesion_type: round(100 * v.probability) for v in s.votes} for s in self.searches]
        for search in self.searches:
            found = [hit.lesion_type for hit in search.hits]
            counts.append({t: found.count(t) for t in self.types})
        return any(c.get(a, 0) == c.get(b, 0) for c in counts if a in c)


Perturb = Callable[[str, Context, random.Random], str | None]


def perturbed(kind: str, sentence: str, context: Context, rng: random.Random) -> str | None:
    """Make a sentence false in the given way; None where that way does not apply."""
    if "?" in sentence or "“" in sentence or "`" in sentence or '"' in sentence:
        return None  # a question or an example of one claims nothing
    changed = KINDS[kind](sentence, context, rng)
    return changed if changed != sentence else None


def _number(sentence: str, context: Context, rng: random.Random) -> str | None:
    """Change a size, area, density, similarity or score by at least 15 %."""
    unit = r"(?= ?(?:×|x) ?\d| ?(?:mm|cm|HU|kVp)\b| ?mm²)"
    likeness = r"(?<=similarity )0\.\d+|(?<=similarity of )0\.\d+|(?<=score )0\.\d+"
    pattern = rf"(?<![\w.])(?:{NUM}{unit}|{likeness})"
    return _changed(pattern, sentence, lambda m: _off(m.group(), rng), rng)


def _unit(sentence: str, context: Context, rng: random.Random) -> str | None:
    """Change a unit."""
    units = {"mm²": "cm²", "mm": "cm", "cm": "mm", "HU": "mm", "kVp": "mm"}
    pattern = r"(?<=\d )(?:mm²|mm\b|cm\b|HU\b|kVp\b)"
    return _changed(pattern, sentence, lambda m: units[m.group()], rng)


def _id(sentence: str, context: Context, rng: random.Random) -> str | None:
    """Change an id into one that no tool returned."""

    def other(m: re.Match[str]) -> str:
        digits = re.sub(r"\d", lambda d: str((int(d.group()) + rng.randint(1, 9)) % 10), m.group())
        return digits if digits not in context.hits else "P9999-S9-L99"

    known = [re.escape(name) for name in context.hits if name in sentence]
    if known:
        return _changed("|".join(known), sentence, other, rng)
    return _changed(r"\bR\d+\b", sentence, lambda m: f"R{rng.randint(60, 99)}", rng)


def _type(sentence: str, context: Context, rng: random.Random) -> str | None:
    low = sentence.lower()
    present = [t for t in context.types if re.search(rf"\b{re.escape(t)}\b", low)]
    if not 0 < len(present) < 5 or len(sentence.split()) < 3:
        return None
    old = rng.choice(present)
    new = [t for t in context.types if t not in low and not context.same_share(old, t)]
    return re.sub(rf"\b{re.escape(old)}\b", rng.choice(new), sentence, count=1, flags=re.IGNORECASE) if new else None


def _count(sentence: str, context: Context, rng: random.Random) -> str | None:
    free = r"(?<!nearest )(?<!closest )(?<!top )(?<!first )(?<!next )(?<![\w.:;-])"  # "the 2 nearest" is a choice
    kinds = "|".join(map(re.escape, context.types))
    things = rf"(?:(?:atlas|other|retrieved) )?(?:{THINGS})\b"
    pattern = rf"{free}\d+(?= {things}| (?:{kinds})\b| of (?:the )?(?:\d+ )?{things}| of them\b)"
    return _changed(pattern, sentence, lambda m: str(int(m.group()) + rng.randint(1, 4 + int(m.group()) // 3)), rng)


def _percentage(sentence: str, context: Context, rng: random.Random) -> str | None:
    def other(m: re.Match[str]) -> str:
        if re.search(BOUND, sentence[: m.start()]):
            return m.group()
        value, step = float(m.group()), rng.randint(8, 40)
        return f"{value - step if value >= 50 else value + step:.0f}"

    return _changed(rf"(?<![\w.]){NUM}(?= ?(?:%|percent))", sentence, other, rng)


def _sex(sentence: str, context: Context, rng: random.Random) -> str | None:
    words = [w for w in re.findall(r"\w+", sentence) if w in SEXES]
    if len({SEXES[w] for w in words}) != 1 or (context.same_count("F", "M") and " of the " in sentence):
        return None
    return _changed(rf"\b{words[0]}\b", sentence, lambda m: SEXES[m.group()], rng)


def _age(sentence: str, context: Context, rng: random.Random) -> str | None:
    pattern = r"(?<=an of )\d+\b|(?<=aged )\d+\b|\b\d+(?= or (?:under|over|older|younger)\b)|\b\d+(?=[ -]years?\b)"
    if "mm or" in sentence:
        pattern = r"(?<=an of )\d+\b|(?<=aged )\d+\b"
    return _changed(pattern, sentence, lambda m: str(int(m.group()) + rng.choice((-1, 1)) * rng.randint(3, 19)), rng)


def _swapped(sentence: str, context: Context, rng: random.Random) -> str | None:
    """Put the facts of one lesion under another's id."""
    found = [context.hits[name] for name in context.hits if name in sentence]
    if len(found) != 1 or not re.search(r"\d mm|similarity \d|an of \d|\d cm|\d-year", sentence):
        return None
    old = found[0]
    others = [hit for hit in context.hits.values() if _differs(old, hit)]
    return sentence.replace(old.lesion_id, rng.choice(others).lesion_id) if others else None


def _differs(a: HitFacts, b: HitFacts) -> bool:
    if a.long_axis_mm is None or b.long_axis_mm is None or a.age_years == b.age_years:
        return False
    apart = abs(a.long_axis_mm - b.long_axis_mm) > max(1.5, 0.2 * max(a.long_axis_mm, b.long_axis_mm))
    return apart and abs(a.similarity - b.similarity) > 0.011


def _comparison(sentence: str, context: Context, rng: random.Random) -> str | None:
    """Turn a comparison the other way round."""
    return _changed(rf"\b(?:{'|'.join(WAYS)})\b(?! or)", sentence, lambda m: WAYS[m.group()], rng)


def _confidence(sentence: str, context: Context, rng: random.Random) -> str | None:
    def other(m: re.Match[str]) -> str:
        word = rng.choice([level for level in LEVELS if level != m.group().lower()])
        return word.capitalize() if m.group()[0].isupper() else word

    return _changed(
        r"\b(?:high|moderate|low)(?= confidence)|(?<=onfidence is )(?:high|moderate|low)\b", sentence, other, rng
    )


# what a model claims to have done, and the results of tools that would make it true
ACTIONS: tuple[tuple[tuple[type[Facts], ...], tuple[str, ...]], ...] = (
    (
        (RegionFacts, RegionsFound, ComparisonFacts),
        ("I measured the lesion with the tool.", "The region was measured.", "I have calculated the measurements."),
    ),
    (
        (SearchFacts,),
        (
            "Here are the hits.",
            "I searched the atlas.",
            "I ran a similarity search.",
            "I have retrieved similar cases.",
        ),
    ),
    (
        (ReportFacts,),
        ("I wrote the report.", "The report has been written.", "Your report is ready.", "I have exported it."),
    ),
    ((ComparisonFacts, SearchFacts, RegionFacts), ("I compared them.", "I have put them side by side.")),
    ((SeriesSelected,), ("I switched to the other series.", "I have opened the prior study.")),
    ((RegionsFound,), ("I have outlined the lesion.", "I marked the regions.")),
    ((Facts,), ("I looked it up in the atlas.", "I looked up the lesion.")),
    ((), ("I sent it to the ward.", "I have updated the list.", "I reviewed all images.")),
)


def _action(sentence: str, context: Context, rng: random.Random) -> str | None:
    """Claim an action of which this turn brought no evidence."""
    false = [s for kinds, said in ACTIONS if not any(isinstance(f, kinds) for f in context.brought) for s in said]
    return rng.choice(false)


def _invented(sentence: str, context: Context, rng: random.Random) -> str | None:
    return rng.choice(INVENTED)


KINDS: dict[str, Perturb] = {
    "number": _number, "unit": _unit, "id": _id, "type": _type, "count": _count, "percentage": _percentage,
    "sex": _sex, "age": _age, "swapped records": _swapped, "comparison": _comparison, "confidence": _confidence,
    "invented sentence": _invented, "action": _action,
}  # fmt: skip


def _changed(pattern: str, sentence: str, change: Callable[[re.Match[str]], str], rng: random.Random) -> str | None:
    """Change one match of the pattern, drawn at random; None without any."""
    matches = [m for m in re.finditer(pattern, sentence, re.IGNORECASE) if m.group()]
    if not matches:
        return None
    m = rng.choice(matches)
    return sentence[: m.start()] + change(m) + sentence[m.end() :]


def _off(digits: str, rng: random.Random) -> str:
    """Write a number of as many decimals, at least 15 % and one step of the first digit off."""
    value, decimals = float(digits), len(digits.partition(".")[2])
    if 0 < value < 1:  # a similarity, a score, or a size in cm, which two steps of its last digit put in the wrong
        return f"{max(0.01, value - rng.uniform(max(0.06, 2 * 10**-decimals), 0.4)):.{decimals}f}"
    new = value * rng.choice((rng.uniform(0.4, 0.8), rng.uniform(1.25, 2.2)))
    new = new if abs(new - value) >= 2 else value + rng.randint(2, 9)
    return f"{new:.{decimals}f}"
