"""Is every claim of an answer in the evidence? Checked in code, for every model, sentence by sentence.

A claim is held against the record it speaks of: a size beside one lesion's id must be that lesion's. Which record a
claim belongs to is read from the order of the sentence (the id before its facts, or after them); one reading must fit
the whole sentence. Rounding and the change from mm to cm are tolerated, nothing else.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from assistant.core.evidence import Evidence
from assistant.core.turn_state import TurnState
from assistant.grounding import action_checks as actions
from assistant.grounding import record_checks as records
from assistant.grounding import search_checks as searches
from assistant.grounding import study_checks as studies
from assistant.grounding import type_checks as types
from assistant.grounding.claim_reader import read_claims
from assistant.grounding.claims import Claim, Kind
from assistant.grounding.knowledge import KnowledgeBase
from assistant.grounding.sentence import Focus, Sentence, SentenceReading
from assistant.grounding.vocabulary import unfamiliar_words, unsupported_terms
from tools.domain.facts import SearchFacts


def _always(_: Sentence, __: Claim) -> bool:
    """Let names pass that the reader only hands out when they are known."""
    return True


def _never(_: Sentence, __: Claim) -> bool:
    return False


# whether the evidence supports a claim, by its kind
CHECKS: dict[Kind, Callable[[Sentence, Claim], bool]] = {
    "lesion": _always,
    "patient_key": _always,
    "file": _always,
    "region": lambda s, c: c.words[0] in s.known.regions,
    "evidence": lambda s, c: int(c.numbers[0].value) in s.known.evidence_numbers,
    "unknown_id": _never,
    "number": records.in_lesson,
    "group_count": searches.group_count,
    "share": searches.share,
    "all": searches.all_hits,
    "delta": records.delta,
    "comparison": records.comparison,
    "like_size": records.like_size,
    "age_bound": searches.bound,
    "size_bound": searches.bound,
    "age": records.age,
    "sex": records.own,
    "size": records.own,
    "size_pair": records.own,
    "area": records.own,
    "hu": records.own,
    "similarity": records.own,
    "score": records.own,
    "body_part": records.body_part,
    "body_part_seen": searches.body_part_seen,
    "no_body_part": searches.no_body_part,
    "rank": records.own,
    "slice": records.own,
    "pixels": records.of_study,
    "geometry": records.of_study,
    "people": searches.people,
    "percent": searches.percent,
    "closest": records.closest,
    "count": searches.count,
    "confidence": searches.confidence,
    "no_type": lambda s, c: s.search is not None and s.search.confidence == "none",
    "limit": lambda s, c: s.search is not None and s.search.confidence_limit == c.words[0],
    "no_region": lambda s, c: c.words[0] not in s.known.regions,
    "no_rank": lambda s, c: s.search is not None and c.numbers[0].value > len(s.search.hits),
    "no_hits": lambda s, c: s.search is not None and not s.search.hits,
    "no_vote": searches.no_vote,
    "same_patient": records.same_patient,
    "other_patients": searches.scope,
    "type": types.type_of_subject,
    "action": actions.done,
    "series": studies.series,
    "image": studies.image,
    "plane": studies.trait,
    "kernel": studies.trait,
    "series_kind": studies.trait,
    "phase": studies.trait,
    "phase_name": _never,
    "lossy": studies.trait,
    "ratio": studies.trait,
    "contrast": studies.trait,
    "years": studies.trait,
    "newest": studies.trait,
    "unstated": studies.unstated,
}
WITHOUT_FACTS = ("type", "action")  # claims beside which every word must be familiar


@dataclass(frozen=True)
class CheckResult:
    """The claims of a sentence, and those without evidence."""

    claims: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


class Checker:
    """Checks the sentences of one answer, in order: a sentence may speak of what the one before named."""

    def __init__(
        self,
        evidence: Iterable[Evidence],
        state: TurnState,
        question: str = "",
        told: Iterable[str] = (),
        turn: int | None = None,
    ) -> None:
        """`turn` is the one that is answered, and its actions must be of it; None is the newest with evidence."""
        self._known = KnowledgeBase(list(evidence), state, question, told, turn)
        self._focus = Focus()

    def check(self, sentence: str) -> CheckResult:
        """Check all claims of one sentence or line."""
        plain = re.sub(r"\s+", " ", sentence).strip()
        if not plain or self._known.is_fixed(plain):
            return CheckResult()
        if self._known.is_quoted(plain):
            return CheckResult((plain,))
        claims = read_claims(sentence, self._known.names)
        self._regions_named(claims)
        failed = self._best_reading(claims, plain)
        failed += [f"“{term}”" for term in unsupported_terms(plain, self._known.words)]
        if not failed and not plain.endswith("?") and all(c.kind in WITHOUT_FACTS for c in claims):
            done = re.findall(r"[a-z'-]+", " ".join(c.text for c in claims if c.kind == "action").lower())
            familiar = self._known.words | self._known.question_words | frozenset(done)
            failed += [f"“{word}”" for word in unfamiliar_words(plain, familiar)]
        if not failed:
            self._remember(claims)
        return CheckResult(tuple(c.text.replace("\x00", "…") for c in claims), tuple(failed))

    def _regions_named(self, claims: Sequence[Claim]) -> None:
        first = next((c.words[0] for c in claims if c.kind == "region"), None)
        if first in self._known.regions:
            self._focus = replace(self._focus, region=first)

    def _remember(self, claims: Sequence[Claim]) -> None:
        named = tuple(r for c in claims if c.kind in ("lesion", "region") and (r := self._known.record(c)) is not None)
        lesion_type = next((c.words[0] for c in claims if c.kind == "type"), None)
        self._focus = replace(
            self._focus,
            records=named or self._focus.records,
            lesion_type=lesion_type or self._focus.lesion_type,
        )

    def _best_reading(self, claims: Sequence[Claim], text: str) -> list[str]:
        """List the failures of the reading that fits best."""
        cited = self._known.facts_of(int(c.numbers[0].value) for c in claims if c.kind == "evidence")
        searches = [f for f in cited if isinstance(f, SearchFacts)] or self._known.searches_for(self._focus.region)
        reported: list[SearchFacts | None] = [*searches] or [None]
        best: list[str] | None = None
        for search, ids_first in product(reported, (True, False)):
            sentence = Sentence(text, claims, SentenceReading(search, ids_first), self._known, self._focus)
            failed = [c.text.replace("\x00", "…") for c in claims if not CHECKS[c.kind](sentence, c)]
            if best is None or len(failed) < len(best):
                best = failed
            if not best:
                break
        return best or []
