"""Is every claim of an answer in the evidence? Checked in code, for every model, sentence by sentence.

A claim is held against the record it speaks of: a size beside one lesion's id must be that lesion's. Which record a
claim belongs to is read from the order of the sentence (the id before its facts, or after them); one reading must fit
the whole sentence. Rounding and the change from mm to cm are tolerated, nothing else.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from assistant.core.evidence import Evidence
from assistant.core.turn_state import TurnState
from assistant.grounding.claims import PLURAL_SEXES, TYPE_ADJECTIVES, Claim, Quantity, read_claims
from assistant.grounding.knowledge import KnowledgeBase, Record
from assistant.grounding.vocabulary import unfamiliar_words, unsupported_terms
from tools.domain.facts import SearchFacts

OWN = frozenset(
    {
        "body_part",
        "age",
        "sex",
        "size",
        "size_pair",
        "area",
        "hu",
        "similarity",
        "score",
        "rank",
        "slice",
        "type",
        "patient_key",
    }
)  # claims that belong to one record
OF_LESIONS = frozenset({"type", "age", "sex", "similarity", "rank", "patient_key"})  # never of a region
MUCH_ALIKE = 0.3  # "about the size of": how far apart, as a share
PICKED_OUT = 5  # "the two nearest": a choice of words up to here
LEVELS = {"medium": "moderate", "strong": "high", "weak": "low", "no": "none"}


@dataclass(frozen=True)
class CheckResult:
    """The claims of a sentence, and those without evidence."""

    claims: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """One way to understand a sentence: which search it reports, and whether ids stand before or after their facts."""

    search: SearchFacts | None
    ids_first: bool


class Checker:
    """Checks the sentences of one answer, in order: a sentence may speak of what the one before named."""

    def __init__(
        self, evidence: Iterable[Evidence], state: TurnState, question: str = "", told: Iterable[str] = ()
    ) -> None:
        self._known = KnowledgeBase(list(evidence), state, question, told)
        self._focus: list[Record] = []  # the records the last sentence was about
        self._region: str | None = None
        self._type: str | None = None

    def check(self, sentence: str) -> CheckResult:
        """The claims of one sentence or line, verified."""
        plain = re.sub(r"\s+", " ", sentence).strip()
        if not plain or self._known.is_fixed(plain):
            return CheckResult()
        if self._known.is_quoted(plain):
            return CheckResult((plain,))
        claims = read_claims(sentence, self._known.names)
        self._regions_named(claims)
        failed = self._best_reading(claims, plain)
        failed += [f"“{term}”" for term in unsupported_terms(plain, self._known.words)]
        if not failed and not plain.endswith("?") and all(c.kind == "type" for c in claims):
            failed += [f"“{word}”" for word in unfamiliar_words(plain, self._known.words | self._known.question_words)]
        if not failed:
            self._remember(claims)
        return CheckResult(tuple(c.text.replace("\x00", "…") for c in claims), tuple(failed))

    # -- what a sentence is about --------------------------------------------------------------------------------
    def _regions_named(self, claims: Sequence[Claim]) -> None:
        first = next((c.words[0] for c in claims if c.kind == "region"), None)
        if first in self._known.regions:
            self._region = first

    def _remember(self, claims: Sequence[Claim]) -> None:
        named = [r for c in claims if (r := self._record(c)) is not None]
        if named:
            self._focus = named
        types = [c.words[0] for c in claims if c.kind == "type"]
        if types:
            self._type = types[0]

    def _record(self, claim: Claim) -> Record | None:
        if claim.kind == "lesion":
            return self._known.lesions.get(claim.words[0])
        if claim.kind == "region":
            return self._known.regions.get(claim.words[0])
        return None

    def _best_reading(self, claims: Sequence[Claim], sentence: str) -> list[str]:
        """The failures of the reading that fits best."""
        searches: list[SearchFacts | None] = [*self._known.searches_for(self._region)] or [None]
        best: list[str] | None = None
        for search, ids_first in product(searches, (True, False)):
            check = _SentenceCheck(self, _Reading(search, ids_first), claims, sentence)
            failed = [c.text.replace("\x00", "…") for c in claims if not check.holds(c)]
            if best is None or len(failed) < len(best):
                best = failed
            if not best:
                break
        return best or []


class _SentenceCheck:
    """The claims of one sentence under one reading."""

    def __init__(self, checker: Checker, reading: _Reading, claims: Sequence[Claim], sentence: str) -> None:
        self.known = checker._known
        self.focus = checker._focus
        self.topic_type = checker._type
        self.search = reading.search
        self.ids_first = reading.ids_first
        self.claims = claims
        self.sentence = sentence
        self.lower = sentence.lower()
        self.entities = [(c, r) for c in claims if (r := checker._record(c)) is not None]

    def holds(self, claim: Claim) -> bool:
        """Whether the evidence supports a claim."""
        return self._rules()[claim.kind](claim)

    def _rules(self) -> dict[str, Callable[[Claim], bool]]:
        def always(_: Claim) -> bool:  # names that the reader only hands out when they are known
            return True

        def never(_: Claim) -> bool:
            return False

        own = self._own
        return {
            "lesion": always, "patient_key": always, "file": always,
            "region": lambda c: c.words[0] in self.known.regions,
            "evidence": lambda c: int(c.numbers[0].value) in self.known.evidence_numbers,
            "unknown_id": never, "number": self._number,
            "group_count": self._group_count, "share": self._share, "all": self._all,
            "delta": self._delta, "comparison": self._comparison, "like_size": self._like_size,
            "age_bound": self._bound, "size_bound": self._bound,
            "age": self._age, "sex": own, "size": own, "size_pair": own, "area": own, "hu": own, "similarity": own,
            "score": own, "body_part": self._body_part, "rank": own, "slice": own,
            "pixels": self._study, "geometry": self._study,
            "people": self._people, "percent": self._percent, "closest": self._closest, "count": self._count,
            "confidence": self._confidence,
            "no_type": lambda c: self.search is not None and self.search.confidence == "none",
            "limit": lambda c: self.search is not None and self.search.confidence_limit == c.words[0],
            "no_region": lambda c: c.words[0] not in self.known.regions,
            "no_rank": lambda c: self.search is not None and c.numbers[0].value > len(self.search.hits),
            "no_hits": lambda c: self.search is not None and not self.search.hits,
            "no_vote": self._no_vote,
            "same_patient": self._same_patient, "other_patients": self._scope, "type": self._type_claim,
        }  # fmt: skip

    # -- claims about one record ---------------------------------------------------------------------------------
    def _subjects(self, claim: Claim) -> list[Record]:
        """The records a claim may be about: one by its place in the sentence, else what was spoken of before."""
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
        bracketed = self._bracketed(claim)
        if bracketed is not None:
            return [bracketed]
        if self.ids_first:
            return [before[-1]] if before else after[:1]
        return [after[0]] if after else before[-1:]

    def _bracketed(self, claim: Claim) -> Record | None:
        """The record whose name stands right before the parenthesis a claim is in."""
        opening = self.sentence.rfind("(", 0, claim.start)
        if opening < 0 or ")" in self.sentence[opening : claim.start]:
            return None
        return next((r for c, r in reversed(self.entities) if 0 <= opening - c.end <= 2), None)

    def _own(self, claim: Claim) -> bool:
        if claim.kind in ("age", "sex") and self._about_study_patient(claim):
            return self.known.study is not None and self.known.study.supports(claim)
        subjects = self._subjects(claim)
        if not subjects and claim.kind in ("size", "size_pair", "area", "hu", "slice"):
            subjects = [*self.known.regions.values()][:1] if len(self.known.regions) == 1 else []
        if claim.kind == "slice" and self.known.study is not None and not subjects:
            return self.known.study.supports(claim)
        # without a name of its own the sentence speaks of one of those named before, of the same one throughout
        if not self.entities:
            together = [c for c in self.claims if c.kind in OWN]
            return any(all(r.supports(c) for c in together if c.kind != "type") for r in subjects)
        return any(record.supports(claim) for record in subjects)

    def _age(self, claim: Claim) -> bool:
        """Somebody's, or the single age a search was limited to: "searched 0 of 192 lesions: aged 70"."""
        limits = self.search.filters if self.search else None
        if limits is not None and "searched" in self.lower and limits.min_age == limits.max_age is not None:
            return claim.numbers[0].value == limits.min_age
        return self._own(claim)

    def _about_study_patient(self, claim: Claim) -> bool:
        return bool(re.search(r"\b(?:patient:|this patient is|the patient is|your patient)", self.lower)) and not any(
            c.kind == "lesion" for c in self.claims
        )

    def _delta(self, claim: Claim) -> bool:
        first, second = self._pair(claim)
        if first is None or second is None:
            return False
        a, b = first.measure(claim.label), second.measure(claim.label)
        if a is None or b is None:
            return False
        signed = a - b if claim.words[0] == "up" else b - a
        # both ends were rounded to 0.1 before they were subtracted
        return Quantity(
            claim.numbers[0].value, claim.numbers[0].half_step + (0.1 if claim.label == "size" else 0)
        ).fits(signed)

    def _comparison(self, claim: Claim) -> bool:
        sign = 1 if claim.words[0] == "up" else -1
        other = self._named_after(claim)
        if claim.words[1] == "all" or re.search(r"\b(?:the nearest|they|hits|all)\b[^.]* are\b", self.lower):
            if other is None or self.search is None or (own := other.measure(claim.label)) is None:
                return False
            near = [self.known.lesions[h.lesion_id].measure(claim.label) for h in self.search.hits[:3]]
            return bool(near) and all(m is not None and sign * (m - own) > 0 for m in near)
        first, second = self._pair(claim)
        a = first.measure(claim.label) if first else None
        b = second.measure(claim.label) if second else None
        return a is not None and b is not None and sign * (a - b) > 0

    def _like_size(self, claim: Claim) -> bool:
        first, second = self._pair(claim)
        a = first.measure("size") if first else None
        b = second.measure("size") if second else None
        return a is not None and b is not None and abs(a - b) <= MUCH_ALIKE * max(a, b)

    def _pair(self, claim: Claim) -> tuple[Record | None, Record | None]:
        """What is compared with what: the record spoken of, and the one named by "than"."""
        second = self._named_after(claim)
        inside = [r for c, r in self.entities if claim.start <= c.start < claim.end + 1]
        than = inside[-1] if inside else second
        others = [r for c, r in self.entities if c.end <= claim.start and r is not than]
        first = others[-1] if others else next((r for r in reversed(self.focus) if r is not second), None)
        if second is None:
            rest = [r for _, r in self.entities if r is not first] or [r for r in self.focus if r is not first]
            second = rest[-1] if rest else None
        return first, second

    def _named_after(self, claim: Claim) -> Record | None:
        """The record inside a comparison's own words, or right behind them."""
        return next((r for c, r in self.entities if claim.start <= c.start <= claim.end + 1), None)

    # -- claims about a search -----------------------------------------------------------------------------------
    def _type(self, word: str) -> str:
        low = re.sub(r"\s+", " ", word.strip().lower())
        names = {t.lower(): t for t in self.known.names.types}
        return names.get(low) or names.get(TYPE_ADJECTIVES.get(low, ""), low)

    def _percent(self, claim: Claim) -> bool:
        if self.search is None:
            return False
        mentioned = [c for c in self.claims if c.kind in ("type", "all", "share", "count") and self._types_in(c)]
        before = [c for c in mentioned if c.end <= claim.start]
        after = [c for c in mentioned if c.start >= claim.end]
        nearest = (before[-1:] or after[:1]) if self.ids_first else (after[:1] or before[-1:])
        names = self._types_in(nearest[0])[-1:] if nearest else [self.topic_type] if self.topic_type else []
        value = claim.numbers[0]
        for vote in self.search.votes:
            if vote.lesion_type in names:
                share = 100 * vote.probability
                if claim.label:
                    return (share < value.value) if claim.label == "under" else (share > value.value)
                return value.fits(share) or (value.fits(round(share)) and value.half_step >= 0.5)
        return False

    def _no_vote(self, claim: Claim) -> bool:
        return self.search is not None and self._type(claim.words[0]) not in {v.lesion_type for v in self.search.votes}

    def _types_in(self, claim: Claim) -> list[str]:
        if claim.kind == "type":
            return [claim.words[0]]
        return [self._type(w) for w in self._split_kinds(" ".join(claim.words))]

    def _split_kinds(self, what: str) -> list[str]:
        known = {t.lower() for t in self.known.names.types} | set(TYPE_ADJECTIVES)
        return [w for w in re.split(r", and |, | and | or ", what.lower().removeprefix("not ").strip()) if w in known]

    def _counted_hits(self, what: str, hits: Sequence[object]) -> int | None:
        """How many hits are of what the sentence says; None when it says nothing countable."""
        assert self.search is not None
        what = what.lower().strip()
        found = self.search.hits[: len(hits)]
        if not what:
            return None
        if re.search(r"(?:another|different|other) type", what):
            leader = self.search.votes[0].lesion_type if self.search.votes else None
            return sum(h.lesion_type != leader for h in found if h.lesion_type)
        person = PLURAL_SEXES.get(re.sub(r"^(?:from |of )", "", what))
        if person:
            return sum(h.sex == person for h in found)
        kinds = {self._type(w) for w in self._split_kinds(what)}
        if not kinds:
            return None
        return sum((h.lesion_type in kinds) != what.startswith("not ") for h in found)

    def _share(self, claim: Claim) -> bool:
        n = int(claim.numbers[0].value)
        total = int(claim.numbers[1].value) if len(claim.numbers) > 1 else None
        if claim.label == "atlas":
            return self._atlas_share(n, total, claim.words[0])
        if self.search is None:
            return False
        hits = self.search.hits
        if total is not None and total > len(hits):
            return False
        considered = hits[:total] if total is not None else hits
        near = re.search(r"\b(?:closest|nearest|most similar|top|best|first)\b", claim.text.lower())
        if total is not None and total != len(hits) and not near:
            return False
        counted = self._counted_hits(claim.words[0], considered)
        return n <= len(considered) and claim.words[0] == "" if counted is None else counted == n

    def _atlas_share(self, n: int, total: int | None, what: str) -> bool:
        if not what:
            return self.search is not None and n == self.search.candidates and total in (None, self.search.atlas_size)
        for facts in self.known.atlases:
            kinds = self._split_kinds(what)
            keys = [self._type(k) for k in kinds] or [
                PLURAL_SEXES.get(re.sub(r"^(?:from |of )", "", what.lower()), what)
            ]
            if (
                total in (None, facts.total)
                and sum(facts.counts.get(k, 0) for k in keys) == n
                and any(k in facts.counts for k in keys)
            ):
                return True
        return False

    def _all(self, claim: Claim) -> bool:
        if self.search is None or not self.search.hits:
            return False
        near = re.search(r"\b(?:closest|nearest|most similar|top|best|first)\b", claim.text.lower())
        n = int(claim.numbers[0].value) if claim.numbers else len(self.search.hits)
        if n > len(self.search.hits) or (n != len(self.search.hits) and not near):
            return False
        return self._counted_hits(claim.words[0], self.search.hits[:n]) == n

    def _count(self, claim: Claim) -> bool:
        n, search = int(claim.numbers[0].value), self.search
        kind = self._type(claim.words[0]) if claim.words[0] else ""
        known = self.known
        if claim.label in ("hits", "nearest", "typed"):
            if search is not None and kind:
                return sum(h.lesion_type == kind for h in search.hits) == n
            if claim.label == "nearest":  # how many are picked out, not how many there are
                return search is not None and (n <= min(PICKED_OUT, len(search.hits)) or n == search.asked_k)
            wished = search is not None and n == search.asked_k and re.search(r"\bask|\bwanted\b|\bup to\b", self.lower)
            return search is not None and (n == len(search.hits) or bool(wished))
        if claim.label == "others":
            return any(r.others == n for r in [*(r for _, r in self.entities), *self.focus])
        if claim.label == "lesions":
            totals = {known.atlas_size, *(f.total for f in known.atlases)}
            if kind:
                return any(f.counts.get(kind) == n for f in known.atlases)
            if search is not None:
                totals |= {search.candidates, search.atlas_size}
            return n in totals
        return n in known.counts(claim.label)

    def _group_count(self, claim: Claim) -> bool:
        if sum(c.kind == "group_count" and c.words == claim.words for c in self.claims) > 1:
            return False  # a group is counted once
        return any(claim.numbers[0].fits(known) for known in self.known.group_counts(claim.words[0]))

    def _confidence(self, claim: Claim) -> bool:
        said = LEVELS.get(claim.words[0], claim.words[0])
        return self.search is not None and said == self.search.confidence

    def _closest(self, claim: Claim) -> bool:
        after = [
            c
            for c, _ in self.entities
            if c.kind == "lesion" and (0 <= c.start - claim.end <= 2 or 0 <= claim.start - c.end <= 1)
        ]
        if not after:
            return True
        return any(s.hits and s.hits[0].lesion_id == after[0].words[0] for s in self.known.searches)

    def _same_patient(self, claim: Claim) -> bool:
        same = claim.words[0] == "yes"
        named = {r.name for _, r in self.entities} | {r.name for r in self.focus}
        if any(c.same_patient == same and c.lesion.lesion_id in named for c in self.known.comparisons):
            return True
        keys = [r.patient for _, r in self.entities if r.patient]
        return len(keys) > 1 and (len(set(keys)) == 1) == same

    # -- filters said back ---------------------------------------------------------------------------------------
    def _bound(self, claim: Claim) -> bool:
        names = ("min_age", "max_age") if claim.kind == "age_bound" else ("min_size_mm", "max_size_mm")
        applied = [getattr(self.search.filters, n) for n in names] if self.search else [None, None]
        values = [q.value for q in claim.numbers]
        if claim.words[0] == "range":
            fits = [values[0], values[1]] == applied
        else:
            fits = values[0] == applied[0 if claim.words[0] == "min" else 1]
        return fits or self._true_of_subject(claim)

    def _true_of_subject(self, claim: Claim) -> bool:
        """ "[id] is over 20 mm": true of the lesion it is said of."""
        if not any(c.kind == "lesion" for c, _ in self.entities):
            return False
        value = [q.value for q in claim.numbers]
        for record in self._subjects(claim):
            own = record.measure("age" if claim.kind == "age_bound" else "size")
            if own is None:
                continue
            if claim.words[0] == "range":
                return value[0] <= own <= value[1]
            return own >= value[0] if claim.words[0] == "min" else own <= value[0]
        return False

    def _people(self, claim: Claim) -> bool:
        return self.search is not None and self.search.filters.sex == claim.words[0]

    def _scope(self, claim: Claim) -> bool:
        wanted = {"other patients": "cross-patient", "this patient": "same-patient", "all patients": "all"}[
            claim.words[0]
        ]
        return self.search is not None and self.search.filters.scope == wanted

    # -- types ---------------------------------------------------------------------------------------------------
    def _type_claim(self, claim: Claim) -> bool:
        name, search = claim.words[0], self.search
        before = self.lower[: claim.start]
        filtered = re.search(
            r"\b(?P<cue>only|everything but|all but|except|excluding|limited to|restricted to)\b(?P<list>[^.;:]*)$",
            before,
        )
        if filtered and search is not None and search.filters.lesion_types:
            listed = set(self._listed_types(filtered.start()))
            applied = set(search.filters.lesion_types)
            if filtered.group("cue") in ("only", "limited to", "restricted to"):
                return listed == applied
            return listed == set(self.known.atlas_types) - applied
        if re.search(
            r"\b(?:its|the atlas's|available|these|known) types (?:are|is)\b|\bchoose from\b|\btypes:|\bshall i "
            r"explain\b",
            before,
        ):
            return name in self.known.atlas_types
        if re.search(r"\bno lesions? of type[^.;]*$", before):
            return name not in self.known.atlas_types
        if any(c.kind == "lesion" for c, _ in self.entities) or (
            not self._has_verdict_words(before) and self.focus_is_lesion
        ):
            subjects = self._subjects(claim)
            denied = bool(re.search(r"\b(?:not|no|rather than|instead of)\b[^.;,]{0,20}$", before))
            if subjects and all(r.supports(claim) != denied for r in subjects):
                return True
            if self.focus_is_lesion or any(c.kind == "lesion" for c, _ in self.entities):
                return False
        if any(c.kind == "percent" for c in self.claims) and search is not None:
            leading = re.search(r"\b(?:most|mainly|leading|first|best)\b[^.:;]*$", before)
            if leading and not any(c.kind == "type" and leading.start() < c.start < claim.start for c in self.claims):
                return bool(search.votes) and search.votes[0].lesion_type == name
            return any(v.lesion_type == name for v in search.votes)
        if search is None or not search.votes:
            return any(lesson.lesion_type == name for lesson in self.known.lessons) and not search
        if search.confidence == "none":
            return False
        if re.search(r"\b(?:next|also|second|runner-up|less|possibly|could|might|may)\b", before) and not re.search(
            r"\bmost\b", before
        ):
            return any(v.lesion_type == name and v.probability >= 0.05 for v in search.votes)
        negated = re.search(r"\b(?:not|no|rather than|instead of)\b[^.;,]{0,30}$", before)
        if negated:
            return search.votes[0].lesion_type != name
        return search.votes[0].lesion_type == name

    @property
    def focus_is_lesion(self) -> bool:
        return not self.entities and bool(self.focus) and all(r.kind == "lesion" for r in self.focus)

    def _has_verdict_words(self, before: str) -> bool:
        return bool(
            re.search(r"\b(?:resembles?|looks?|vote|votes|confidence|most|next|runner-up|speaks)\b", self.lower)
        )

    def _listed_types(self, start: int) -> Iterator[str]:
        """The types listed from a cue to the end of its clause."""
        stop = re.search(r"[.;:(]|, (?=women|men|aged|long axis|other|this|all patients)", self.sentence[start:])
        end = start + stop.start() if stop else len(self.sentence)
        return (c.words[0] for c in self.claims if c.kind == "type" and start <= c.start < end)

    def _body_part(self, claim: Claim) -> bool:
        if claim.text.lower().startswith("body"):
            return self._own(claim)
        return self._study(claim)

    # -- the rest ------------------------------------------------------------------------------------------------
    def _study(self, claim: Claim) -> bool:
        return self.known.study is not None and self.known.study.supports(claim)

    def _number(self, claim: Claim) -> bool:
        """A bare number stands only in a paraphrase of a lesson that holds it."""
        about_lesson = not self.entities and not re.search(r"\b(?:this|your|it|here)\b", self.lower)
        return about_lesson and self.known.in_lesson(claim.text, self.sentence)
