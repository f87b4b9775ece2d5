"""Blind pairs of answers for judges: the template's, and the same with the language model's prose.

The template's answer stands beside the same answer whose prose, but not its list of cases, the language model wrote
from the same facts, as far as the grounding check let it through. A pair says nothing of who wrote which side; the
key does. Marks that only the template sets, bold and (E1), are left out of both sides.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from assistant.core.sentences import split_sentences
from assistant.grounding.checker import Checker
from assistant.wording.fixed_sentences import fixed_texts
from assistant.wording.phrases import (
    cite,
    counted,
    joined,
    lesion_facts,
    likeness,
    listed,
    percent,
    size,
)
from assistant.wording.search_answers import NEAREST_SHOWN, covered
from encoder.errors import LesionSearchError
from eval.assistant.conversations import Played
from eval.assistant.prose.model import Write
from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.facts import RegionFacts, SearchFacts
from tools.domain.progress import Progress

Side = Literal["left", "right"]
Outcome = Literal["uncut", "in part", "cut whole"]

PAIRS, KEY = "pairs.json", "key.json"


class ProseError(LesionSearchError):
    """There are too few answers for the pairs, or the votes do not fit them."""


class Pair(BaseModel):
    """Two answers to one question, as a judge sees them."""

    model_config = ConfigDict(frozen=True)

    number: int
    question: str
    left: str
    right: str


class ModelProse(BaseModel):
    """What the model wrote for one answer and what the check left of it; `pair` and `template` of those shown."""

    model_config = ConfigDict(frozen=True)

    conversation: str
    question: str
    statements: tuple[str, ...]
    text: str
    sentences: int
    cut: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()  # what the sentences were cut for
    kept: str = ""
    pair: int | None = None
    template: Side | None = None

    @property
    def outcome(self) -> Outcome:
        """Tell how the prose came through the check; nothing written is nothing left."""
        if not self.kept:
            return "cut whole"
        return "in part" if self.cut else "uncut"


def chosen(played: Sequence[Played], seed: int) -> list[Played]:
    """Choose the answers that report one search with hits, shuffled; no two of the same question or result."""
    turns = list(played)
    random.Random(seed).shuffle(turns)
    found: list[Played] = []
    seen: set[str] = set()
    for turn in turns:
        search = _search(turn)
        if search is None:
            continue
        marks = {turn.question.casefold(), search.model_dump_json(exclude={"duration_ms"})}
        if not marks & seen:
            found.append(turn)
            seen |= marks
    return found


def _search(played: Played) -> SearchFacts | None:
    """Find the search a turn is all about; None if it is about something else or shows no list of hits."""
    evidence = played.answer.evidence
    facts = evidence[0].facts if len(evidence) == 1 else None
    return facts if isinstance(facts, SearchFacts) and "\n- [" in played.answer.answer else None


def statements(facts: SearchFacts, region: RegionFacts, types: Sequence[str] = ()) -> list[str]:
    """State the facts that the template words, plainly and one a line; `types` are those of the atlas."""
    told = [
        f"{region.region_id} lies on slice {region.slice} of {region.slices}"
        + (f" and measures {size(region.long_axis_mm, region.short_axis_mm)}." if region.long_axis_mm else "."),
        f"The search covered {covered(facts, types)}.",
    ]
    only = set(facts.filters.lesion_types)
    limit = LIMIT_WORDS[facts.confidence_limit] if facts.confidence_limit else None
    if facts.confidence == "none":
        told.append(f"I name no type: {limit}." if limit else "Nothing similar enough in this atlas to name a type.")
    elif len(only) == 1:
        told.append(f"Only {next(iter(only))} lesions were allowed, so the hits say nothing about the type.")
    elif facts.votes:
        votes = listed(f"{v.lesion_type} {percent(v.probability)}" for v in facts.votes[:3] if v.probability >= 0.05)
        told += [f"{region.region_id} most resembles {facts.votes[0].lesion_type} lesions.", f"Of the vote: {votes}."]
    if facts.confidence != "none":
        told.append(f"Confidence is {facts.confidence}{f': {limit}' if limit else ''}.")
    kinds = Counter(h.lesion_type for h in facts.hits if h.lesion_type).most_common()
    told.append(f"The {counted(len(facts.hits), 'hit')}: {listed(f'{n} {kind}' for kind, n in kinds)}.")
    told += [
        f"{cite(h.lesion_id)} is {lesion_facts(h)}, with a similarity of {likeness(h.similarity)}."
        for h in facts.hits[:NEAREST_SHOWN]
    ]
    return told


def written(played: Played, write: Write) -> ModelProse:
    """Write prose for one answer and check it sentence by sentence against the evidence of its turn."""
    facts = _search(played)
    region = played.state.region(facts.region_id) if facts else None
    assert facts is not None
    assert region is not None
    told = statements(facts, region, played.state.atlas_types)
    text = write(told)
    checker = Checker(played.answer.evidence, played.state, played.question, played.told)
    checked = [(s, checker.check(s).unsupported) for s in split_sentences(text) if re.search(r"\w", s)]
    return ModelProse(
        conversation=played.conversation.id,
        question=played.question,
        statements=tuple(told),
        text=text,
        sentences=len(checked),
        cut=tuple(s.strip() for s, unsupported in checked if unsupported),
        unsupported=tuple(claim for _, unsupported in checked for claim in unsupported),
        kept="".join(s for s, unsupported in checked if not unsupported).strip(),
    )


def with_prose(answer: str, prose: str) -> str:
    """Replace the prose of a template's answer; lists and what the program says of itself stay where they are."""
    fixed = set(fixed_texts())
    parts: list[str] = []
    for part in answer.split("\n\n"):
        own = {s.strip() for s in split_sentences(part)} <= fixed or part in fixed
        if "\n- [" in part or own:
            parts.append(part)
        elif prose not in parts:
            parts.append(prose)
    return joined(parts)


def pairs(
    played: Sequence[Played], write: Write, count: int = 60, seed: int = 0, progress: Progress | None = None
) -> tuple[list[Pair], list[ModelProse]]:
    """Make `count` pairs with shuffled sides, and their key, which also holds the answers cut whole on the way.

    Raises ProseError if the answers do not suffice.
    """
    rng = random.Random(seed)
    shown: list[Pair] = []
    key: list[ModelProse] = []
    for turn in chosen(played, seed):
        model = written(turn, write)
        if model.kept:
            side: Side = rng.choice(("left", "right"))
            model = model.model_copy(update={"pair": len(shown) + 1, "template": side})
            answers = [_unmarked(turn.answer.answer), _unmarked(with_prose(turn.answer.answer, model.kept))]
            left, right = answers if side == "left" else reversed(answers)
            shown.append(Pair(number=len(shown) + 1, question=turn.question, left=left, right=right))
        key.append(model)
        if progress:
            progress(len(shown), count)
        if len(shown) == count:
            return shown, key
    raise ProseError(f"Of {len(key)} different search answers only {len(shown)} make a pair: lower --count.")


def _unmarked(text: str) -> str:
    return re.sub(r" \(E\d+\)|\*\*", "", text)


def save(folder: Path, shown: Sequence[Pair], key: Sequence[ModelProse]) -> None:
    """Write the pairs for the judges and, in a file of its own, the key, as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAIRS).write_bytes(TypeAdapter(Sequence[Pair]).dump_json(shown, indent=2) + b"\n")
    (folder / KEY).write_bytes(TypeAdapter(Sequence[ModelProse]).dump_json(key, indent=2) + b"\n")
