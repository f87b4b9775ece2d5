"""One sentence under one reading, and which record each of its claims is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.grounding.claims import TYPE_ADJECTIVES, Claim
from assistant.grounding.knowledge import KnowledgeBase, Record
from tools.domain.facts import SearchFacts

OF_LESIONS = frozenset({"type", "age", "sex", "similarity", "rank", "patient_key"})  # never of a region


@dataclass(frozen=True)
class Focus:
    """What the sentences before were about."""

    records: tuple[Record, ...] = ()
    region: str | None = None
    lesion_type: str | None = None


@dataclass(frozen=True)
class SentenceReading:
    """One way to understand a sentence: which search it reports, and whether ids stand before or after their facts."""

    search: SearchFacts | None
    ids_first: bool


class Sentence:
    """The claims of one sentence under one reading."""

    def __init__(
        self, text: str, claims: Sequence[Claim], reading: SentenceReading, known: KnowledgeBase, focus: Focus
    ) -> None:
        self.known = known
        self.focus = focus.records
        self.topic_type = focus.lesion_type
        self.search = reading.search
        self.ids_first = reading.ids_first
        self.claims = claims
        self.text = text
        self.lower = text.lower()
        self.entities = [(c, r) for c in claims if (r := known.record(c)) is not None]

    @property
    def focus_is_lesion(self) -> bool:
        """Whether it names no record, and those before were lesions."""
        return not self.entities and bool(self.focus) and all(r.kind == "lesion" for r in self.focus)

    def subjects(self, claim: Claim) -> Sequence[Record]:
        """Find the records a claim may be about: one by its place in the sentence, else what was spoken of before."""
        if not self.entities:
            return self.focus
        fitting = [
            (c, r) for c, r in self.entities if claim.kind not in OF_LESIONS or r.kind == "lesion"
        ] or self.entities
        before = [r for c, r in fitting if c.end <= claim.start]
        after = [r for c, r in fitting if c.start >= claim.end]
        inside = [r for c, r in fitting if claim.start <= c.start < claim.end]
        if inside:
            return inside[-1:]
        bracketed = self.bracketed(claim)
        if bracketed is not None:
            return [bracketed]
        if self.ids_first:
            return [before[-1]] if before else after[:1]
        return [after[0]] if after else before[-1:]

    def bracketed(self, claim: Claim) -> Record | None:
        """Find the record whose name stands right before the parenthesis a claim is in."""
        opening = self.text.rfind("(", 0, claim.start)
        if opening < 0 or ")" in self.text[opening : claim.start]:
            return None
        return next((r for c, r in reversed(self.entities) if 0 <= opening - c.end <= 2), None)

    def pair(self, claim: Claim) -> tuple[Record | None, Record | None]:
        """Find what is compared with what: the record spoken of, and the one named by "than"."""
        second = self.named_after(claim)
        inside = [r for c, r in self.entities if claim.start <= c.start < claim.end + 1]
        than = inside[-1] if inside else second
        others = [r for c, r in self.entities if c.end <= claim.start and r is not than]
        first = others[-1] if others else next((r for r in reversed(self.focus) if r is not second), None)
        if second is None:
            rest = [r for _, r in self.entities if r is not first] or [r for r in self.focus if r is not first]
            second = rest[-1] if rest else None
        return first, second

    def named_after(self, claim: Claim) -> Record | None:
        """Find the record inside a comparison's own words, or right behind them."""
        return next((r for c, r in self.entities if claim.start <= c.start <= claim.end + 1), None)

    def type_name(self, word: str) -> str:
        """Resolve a word to the name of a lesion type; a word of none stays as it is."""
        low = re.sub(r"\s+", " ", word.strip().lower())
        names = {t.lower(): t for t in self.known.names.types}
        return names.get(low) or names.get(TYPE_ADJECTIVES.get(low, ""), low)

    def types_in(self, claim: Claim) -> list[str]:
        """List the lesion types a claim names."""
        if claim.kind == "type":
            return [claim.words[0]]
        return [self.type_name(w) for w in self.split_types(" ".join(claim.words))]

    def split_types(self, what: str) -> list[str]:
        """List the words of lesion types in "liver, lung and bone"."""
        known = {t.lower() for t in self.known.names.types} | set(TYPE_ADJECTIVES)
        return [w for w in re.split(r", and |, | and | or ", what.lower().removeprefix("not ").strip()) if w in known]
