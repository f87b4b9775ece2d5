"""Is every claim of an answer in the evidence? Checked in code, for every model, sentence by sentence.

A claim is held against the record it speaks of: a size beside one lesion's id must be that lesion's. Which record a
claim belongs to is read from the order of the sentence (the id before its facts, or after them); one reading must fit
the whole sentence. Rounding and the change from mm to cm are tolerated, nothing else.

A sentence that claims nothing checkable must be made of plain connecting words (`plain_words.txt`). A word of medicine,
of anatomy or of certainty is a claim that no tool of ours can support, wherever it stands.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from assistant.core.events import Event, TextChunk, TextReset
from assistant.core.evidence import Evidence
from assistant.core.patterns import split_sentences
from assistant.core.turn_state import TurnState
from assistant.grounding import checks, claims_of_actions, claims_of_facts
from assistant.grounding.claim_reader import read_claims
from assistant.grounding.claims import Claim, Kind
from assistant.grounding.knowledge import KnowledgeBase
from assistant.grounding.sentence import Focus, Sentence, SentenceReading
from tools.domain.facts import SearchFacts

# Findings, diseases, actions, history, place, change, certainty: none of it is in any evidence.
TERMS = re.compile(
    r"""\b(?:
    \w*(?:oma|omas|omata|itis|osis|oses|emia|aemia|ectomy|plasia|plastic|pathy|pathies|scopy|blastic|lytic|cytic)
    |malignan\w*|benign\w*|cancer\w*|carcino\w*|tumou?rs?|neoplas\w*|metasta\w*|cyst\w*|abscess\w*|infect\w*|inflam\w*
    |h(?:a)?emorrhag\w*|bleed\w*|fractur\w*|thromb\w*|embol\w*|necro\w*|calcif\w*|fibro\w*|edema|oedema|effusion\w*
    |spicul\w*|lobulat\w*|irregular\w*|circumscribed|ill-defined|well-defined|margins?|borders?|edges?|rim|septa\w*|septations?
    |smooth|capsul\w*|cavit\w*|homogen\w*|heterogen\w*|hypodens\w*|hyperdens\w*|isodens\w*|hypoatten\w*|hyperatten\w*
    |attenuat(?!ion\b)\w*|enhanc\w*|washout|vascular\w*|perfus\w*|opacit\w*|consolidat\w*|texture|spread\w*|invas\w*|invad\w*|infiltrat\w*
    |adjacent|abut\w*|encas\w*|compress\w*|displac\w*|obstruct\w*|dilat\w*|thicken\w*|swollen|enlarged|lymph\w*|nod(?:al|es?)
    |left|right|upper|lower|anterior|posterior|lateral|medial|superior|inferior|central|peripheral|apical|basal|lobes?|segments?
    |right-sided|left-sided|bilateral|unilateral|vessels?|veins?|arter(?:y|ies|ial)|aort\w*|ducts?|bowel|spleen|pancrea\w*
    |adrenals?|thyroid|brain|cerebr\w*|heart|cardiac|pleura\w*|bronch\w*|prostat\w*|ovar\w*|uter(?:us|ine)|bladder|spine|spinal
    |vertebr\w*|ribs?|femur|skull|breasts?|diagnos(?:is|es|ed|tic)|disease\w*|patholog\w*|histolog\w*|prognos\w*|surviv\w*|mortality
    |treat\w*|therap\w*|surg\w*|operat\w+|resect\w*|chemo\w*|radioth\w*|drugs?|medicat\w*|dose\w*|antibiotic\w*|biops\w*|aspirat\w*
    |recommend\w*|advis(?:e|ed|able)|should|must|urgent\w*|immediate\w*|emergen\w*|refer(?:ral|red)|follow-up|follow\ up
    |surveillance|mri|pet
    |histor(?:y|ical)|smok\w*|alcohol|symptom\w*|pain\w*|fever|cough|weight\ loss|trauma|injur\w*|pregnan\w*
    |diabet\w*|hypertens\w*
    |grow(?:n|th|ing|s)?|grew|stable|unchanged|progress\w*|regress\w*|doubl(?:ed|ing)|increas(?:ed|ing)|decreas(?:ed|ing)
    |normal|abnormal\w*|healthy|dangerous|harmless|serious\w*|worr\w*|concern\w*|suspicio\w*|alarming|reassur\w*|incidental\w*
    |definite\w*|certain(?:ly|ty)?|undoubtedly|doubt\w*|proves?|proven|confirm\w*|conclusive\w*|obvious\w*|guarantee\w*|always|never
    |typical\w*|characteristic\w*|classic\w*|pathognomonic|stag(?:e|ed|ing)|grade[ds]?|risk\w*|probabl[ey]|likelihood|rare|common
    |lived|died|die|dead|hospital\w*|clinic|scanner|contrast\w*|born|birth\w*|named
    |(?:patient|his|her|their)(?:'s)?\ names?|race|ethnic\w*|caucasian|asian|african
    |radiologists?|experts?|physicians?|doctors?|studies\ show|research\ shows|literature|published|guidelines?
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)

# Saying what one does not do is no claim.
REFUSAL = re.compile(
    r"\b(?:I|we|this tool|the assistant|Lesion Search|it)\b[^.;]{0,40}\b(?:cannot|can't|can not|do not|don't|does not"
    r"|am not able|is not able|am unable|never|will not|won't)\b"
    r" (?:reliably |really |safely )?(?:to )?(?:tell|say|judge|decide|diagnos\w+|recommend|advise|assess|predict"
    r"|determine|know|record|replace|make|give|offer|comment|answer|see one|identify)\b"
    r"|\bthe (?:files?|header) (?:do|does|did) not (?:say|state|name|number|tell|give)\b"
    r"|\bnot something I can\b|\bnot a (?:medical )?(?:diagnosis|finding|device|opinion)\b|\bbelongs to the treating "
    r"team\b|\bno diagnosis\b"
    r"|\bnot (?:a substitute|meant|intended) for\b",
    re.IGNORECASE,
)

# Medical words that the program's own subject needs.
NAMED_THINGS = re.compile(
    r"\bnot a diagnosis\b|\bnot (?:disease|findings?)\b|\bsegmentation\b|\bstud(?:y|ies) gives?\b", re.IGNORECASE
)

PLAIN = frozenset(Path(__file__).with_name("plain_words.txt").read_text(encoding="utf-8").split())

_CLAUSE = re.compile(r"[;:]|,? but |, however|, yet ")


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
    "number": checks.in_lesson,
    "group_count": checks.group_count,
    "share": checks.share,
    "all": checks.all_hits,
    "delta": checks.delta,
    "comparison": checks.comparison,
    "like_size": checks.like_size,
    "age_bound": checks.bound,
    "size_bound": checks.bound,
    "age": checks.age,
    "sex": checks.own,
    "size": checks.own,
    "size_pair": checks.own,
    "area": checks.own,
    "hu": checks.own,
    "similarity": checks.own,
    "score": checks.own,
    "body_part": checks.body_part,
    "body_part_seen": checks.body_part_seen,
    "no_body_part": checks.no_body_part,
    "rank": checks.own,
    "slice": checks.own,
    "pixels": checks.of_study,
    "geometry": checks.of_study,
    "people": checks.people,
    "percent": checks.percent,
    "closest": checks.closest,
    "count": checks.count,
    "confidence": checks.confidence,
    "no_type": lambda s, c: s.search is not None and s.search.confidence == "none",
    "limit": lambda s, c: s.search is not None and s.search.confidence_limit == c.words[0],
    "no_region": lambda s, c: c.words[0] not in s.known.regions_now,
    "no_rank": lambda s, c: s.search is not None and c.numbers[0].value > len(s.search.hits),
    "no_hits": lambda s, c: s.search is not None and not s.search.hits,
    "no_vote": checks.no_vote,
    "same_patient": checks.same_patient,
    "other_patients": checks.scope,
    "type": checks.type_of_subject,
    "action": claims_of_actions.done,
    "series": claims_of_facts.series,
    "image": claims_of_facts.image,
    "plane": claims_of_facts.trait,
    "kernel": claims_of_facts.trait,
    "series_kind": claims_of_facts.trait,
    "phase": claims_of_facts.trait,
    "phase_name": _never,
    "lossy": claims_of_facts.trait,
    "ratio": claims_of_facts.trait,
    "contrast": claims_of_facts.trait,
    "years": claims_of_facts.trait,
    "newest": claims_of_facts.trait,
    "unstated": claims_of_facts.unstated,
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


class GroundedStream:
    """Takes text as it comes, lets through what the evidence supports, and remembers what it took out.

    `checker` is made when the first sentence of an answer is complete, so that it knows the evidence of this turn.
    While `holds` is true of the text so far, all of it waits: it may turn out to be a tool call.
    """

    def __init__(self, checker: Callable[[], Checker], holds: Callable[[str], bool] = lambda text: False) -> None:
        self._make_checker = checker
        self._holds = holds
        self._start()

    def _start(self) -> None:
        self._checker: Checker | None = None
        self._given = ""  # all text of this message so far
        self._pending = ""
        self.text = ""
        self.claims = 0
        self.unsupported: list[str] = []
        self.removed: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether nothing could stand as an answer."""
        return not (self.text + self._pending).strip()

    def reset(self) -> Iterator[Event]:
        """Begin another message: what was written does not count."""
        written = bool(self.text)
        self._start()
        if written:
            yield TextReset()

    def feed(self, text: str) -> Iterator[Event]:
        """Take more text; complete sentences come out checked."""
        self._given += text
        self._pending += text
        if self._holds(self._given):
            return
        *complete, self._pending = split_sentences(self._pending) or [""]
        for sentence in complete:
            yield from self._pass(sentence)

    def settle(self, text: str) -> Iterator[Event]:
        """Take the complete message, which reads `text`: make good what was not streamed, or streamed otherwise."""
        if text != self._given:
            yield from self.reset()
            yield from self.feed(text)
        yield from self._pass_rest()

    def add(self, sentences: Sequence[str]) -> Iterator[Event]:
        """Add sentences of the program's own behind the answer, unchecked."""
        yield from self._pass_rest()
        for sentence in sentences:
            said = f"\n\n{sentence}" if self.text.strip() else sentence
            self.text += said
            yield TextChunk(said)

    def finish(self) -> Iterator[Event]:
        """Check what is left, and say what was removed."""
        yield from self._pass_rest()
        self.text = self.text.strip()
        if self.removed:
            n = len(self.removed)
            note = f"({n} sentence{'s' if n > 1 else ''} without evidence {'were' if n > 1 else 'was'} removed.)"
            note = f"\n\n*{note}*" if self.text else f"*{note}*"
            self.text += note
            yield TextChunk(note)

    def _pass_rest(self) -> Iterator[Event]:
        rest, self._pending = self._pending, ""
        for sentence in split_sentences(rest):
            yield from self._pass(sentence)

    def _pass(self, sentence: str) -> Iterator[Event]:
        if self._checker is None:
            self._checker = self._make_checker()
        checked = self._checker.check(sentence)
        self.claims += len(checked.claims)
        if checked.unsupported:
            self.unsupported += checked.unsupported
            self.removed.append(sentence.strip())
            # keep the line break, so that a list stays a list
            sentence = "\n" if sentence.endswith("\n") and not self.text.endswith("\n") else ""
        if sentence:
            self.text += sentence
            yield TextChunk(sentence)


def asserted(sentence: str) -> str:
    """Strip a sentence of the clauses that only decline, and of the program's own set phrases."""
    return " ; ".join(NAMED_THINGS.sub(" ", c) for c in _CLAUSE.split(sentence) if not REFUSAL.search(c))


def unsupported_terms(sentence: str, supported: frozenset[str]) -> list[str]:
    """List the medical or over-certain words of a sentence that no evidence holds; none where it only declines."""
    return [m.group() for m in TERMS.finditer(asserted(sentence)) if m.group().lower() not in supported]


def unfamiliar_words(sentence: str, supported: frozenset[str]) -> list[str]:
    """List the words that are neither plain nor in the evidence."""
    words = re.findall(r"[A-Za-z][A-Za-z'’-]{2,}", asserted(sentence))
    return [w for w in words if (low := w.lower().replace("’", "'")) not in PLAIN and low not in supported]
