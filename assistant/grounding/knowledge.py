"""Everything the evidence says, laid out so that a claim can be held against the record it speaks of."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.core.evidence import Evidence
from assistant.core.patterns import split_sentences
from assistant.core.turn_state import TurnState
from assistant.grounding.claims import Claim, Names
from assistant.wording import fixed_sentences as remarks
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    HitFacts,
    ImageFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    SeriesFacts,
    SeriesSelected,
    Stated,
    StudyFacts,
)
from tools.domain.lesions import DEEPLESION_TYPES
from tools.domain.study import SafeFacts


@dataclass
class Record:
    """One thing facts are known of: a region, an atlas lesion, a series, an image. Several values may be true of it."""

    kind: str
    name: str
    long_mm: float | None = None
    short_mm: float | None = None
    area_mm2: float | None = None
    hu: dict[str, float] = field(default_factory=dict)  # mean, sd, min, max, centre
    age: int | None = None
    sex: str | None = None
    types: set[str] = field(default_factory=set)
    body_part: str | None = None
    similarities: set[float] = field(default_factory=set)
    ranks: set[int] = field(default_factory=set)
    score: float | None = None
    slice: int | None = None
    slices: int | None = None
    image_number: int | None = None
    patient: str | None = None
    others: int | None = None
    pixels: tuple[int, int] | None = None
    geometry: dict[str, float | None] = field(default_factory=dict)
    traits: dict[str, str | float | bool | None] = field(default_factory=dict)  # of a series

    def measure(self, what: str) -> float | None:
        """Return the long axis in mm, or the age in years."""
        return self.age if what == "age" else self.long_mm

    def supports(self, claim: Claim) -> bool:
        """Tell whether a claim about this record is true."""
        n = claim.numbers
        match claim.kind:
            case "size":
                return n[0].fits(self.short_mm if claim.label == "short" else self.long_mm)
            case "size_pair":
                return n[0].fits(self.long_mm) and n[1].fits(self.short_mm)
            case "area":
                return n[0].fits(self.area_mm2)
            case "hu":
                if claim.label == "range":
                    return n[0].fits(self.hu.get("min")) and n[1].fits(self.hu.get("max"))
                keys = (claim.label,) if claim.label else ("mean", "centre")
                return any(n[0].fits(self.hu.get(key)) for key in keys)
            case "age":
                return n[0].fits(self.age) and claim.words[0] in ("", self.sex)
            case "sex":
                return claim.words[0] == self.sex
            case "type":
                return claim.words[0] in self.types
            case "body_part":
                return claim.words[0] == (self.body_part or "").lower()
            case "similarity":
                scale = 100 if claim.label == "percent" else 1
                return any(n[0].fits(scale * s) for s in self.similarities)
            case "score":
                return n[0].fits(self.score)
            case "rank":
                return int(n[0].value) in self.ranks
            case "slice":
                return n[0].fits(self.slice) and (len(n) < 2 or n[1].fits(self.slices))
            case "patient_key":
                return claim.words[0] == self.patient
            case "pixels":
                return self.pixels is not None and n[0].fits(self.pixels[0]) and n[1].fits(self.pixels[1])
            case "geometry":
                second = self.geometry.get({"thickness": "thickest"}.get(claim.label, "column spacing"))
                return n[0].fits(self.geometry.get(claim.label)) and (len(n) == 1 or n[1].fits(second))
            case "plane" | "kernel" | "series_kind":
                own = self.traits.get(claim.kind.removeprefix("series_"))
                return own is not None and (own == claim.words[0]) != (claim.label == "not")
            case "lossy" | "contrast":
                return self.traits.get(claim.kind) is (claim.words[0] == "yes")
            case "ratio" | "years":
                own = self.traits.get(claim.kind)
                if not isinstance(own, float | int):
                    return False
                return 0 < own < n[0].value if claim.label == "under" else n[0].fits(own)
            case "newest":
                return self.traits.get("years") == 0
            case "phase":
                said = [int(q.value) for q in n]
                return said == [self.traits.get("phase_part"), self.traits.get("phase_parts")][: len(said)]
        return False


class KnowledgeBase:
    """The evidence of a conversation, the newest first, with the session's own regions."""

    def __init__(
        self,
        evidence: Sequence[Evidence],
        state: TurnState,
        question: str = "",
        told: Iterable[str] = (),
        turn: int | None = None,
    ) -> None:
        newest = [e.facts for e in reversed(evidence)]
        self._turn = max((e.turn for e in evidence), default=0) if turn is None else turn
        self.all_facts = newest
        self.turn_facts = [e.facts for e in reversed(evidence) if e.turn == self._turn]
        self._evidence = evidence
        self.evidence_numbers = {e.number for e in evidence}
        self.searches = [f for f in newest if isinstance(f, SearchFacts)]
        self.comparisons = [f for f in newest if isinstance(f, ComparisonFacts)]
        self.atlases = [f for f in newest if isinstance(f, AtlasFacts)]
        self.lessons = [f for f in newest if isinstance(f, LessonFacts)]
        self._reports = [f for f in newest if isinstance(f, ReportFacts)]
        self._found = [f for f in newest if isinstance(f, RegionsFound)]
        self._studies = [f for f in newest if isinstance(f, StudyFacts)]
        self.atlas_types, self.atlas_size = state.atlas_types, state.atlas_size
        self.regions = self._region_records(state)
        self.regions_now = {r.region_id for r in state.regions}.union(*map(_regions_of, self.turn_facts))
        self.lesions = self._lesion_records()
        now = next((f for f in self.turn_facts if isinstance(f, StudyFacts)), None)  # newer than the state
        newest_study = now or next(iter(self._studies), None)
        facts = now.facts if now else state.study or (newest_study.facts if newest_study else None)
        self.study = _study_record(facts) if facts else None
        seen: list[SearchFacts | SafeFacts] = [*self.searches, *(f.facts for f in self._studies)]
        self.body_parts_seen = [(f.body_part_seen, f.body_part_certainty or 0.0) for f in seen if f.body_part_seen]
        listed = newest_study.listed if newest_study else state.series
        self.series = {one.number: _series_record(one) for one in listed} or (
            {1: self.study} if self.study is not None else {}
        )
        self.images = {
            f.image_number: Record("image", str(f.image_number), slice=f.slice, slices=f.slices)
            for f in newest
            if isinstance(f, ImageFacts) and f.image_number is not None
        }
        self._fixed = _FIXED | {_plain(s) for text in told for s in [text, *split_sentences(text)]}
        self._fixed |= {
            _plain(s) for f in newest if isinstance(f, Stated) for s in [f.statement, *split_sentences(f.statement)]
        }
        self._fixed |= {_plain(s) for f in newest if isinstance(f, RegionsFound) for s in split_sentences(f.note)}
        self._fixed |= {_plain(s) for f in self._studies for w in f.warnings for s in [w, *split_sentences(w)]}
        self.names = self._names()
        self.words = self._words(facts)
        self.question_words = frozenset(re.findall(r"[a-z][a-z'-]+", question.lower()))

    def record(self, claim: Claim) -> Record | None:
        """Find the lesion or region that a claim names, None for other claims and unknown names."""
        if claim.kind == "lesion":
            return self.lesions.get(claim.words[0])
        if claim.kind == "region":
            return self.regions.get(claim.words[0])
        if claim.kind == "series":
            return self.series.get(int(claim.numbers[0].value))
        if claim.kind == "image":
            return self.images.get(int(claim.numbers[0].value))
        return None

    @property
    def has_image_numbers(self) -> bool:
        """Whether the evidence holds any of the file's own image numbers."""
        return bool(self.images) or any(r.image_number is not None for r in self.regions.values())

    def facts_of(self, numbers: Iterable[int]) -> list[Facts]:
        """List the facts of the evidence with these numbers."""
        cited = set(numbers)
        return [e.facts for e in self._evidence if e.number in cited]

    def searches_for(self, region_id: str | None) -> list[SearchFacts]:
        """List the searches a sentence may report: this turn's of the region, else its newest; else of any region."""
        now = [
            e.facts
            for e in reversed(self._evidence)
            if e.turn == self._turn and isinstance(e.facts, SearchFacts) and region_id in (None, e.facts.region_id)
        ]
        return now or [s for s in self.searches if region_id in (None, s.region_id)][:1] or self.searches[:1]

    def counts(self, label: str) -> set[int]:
        """Collect every number of things of one kind that the evidence gives."""
        return {
            "patients": {f.patients for f in self.atlases},
            "slices": {f.facts.slices for f in self._studies}
            | {r.slices for r in self.series.values() if r.slices}
            | ({self.study.slices} if self.study and self.study.slices else set()),
            "series": {f.series for f in self._studies} | ({len(self.series)} - {0}),
            "regions": {len(f.regions) for f in self._found} | {f.regions for f in self._reports} | {len(self.regions)},
            "suggestions": {len(f.regions) for f in self._found},
            "searches": {f.searches for f in self._reports},
            "types": {len(self.atlas_types)} - {0},
        }.get(label, set())

    def group_counts(self, name: str) -> list[float]:
        """List the counts of a group of the atlas, such as liver, women or chest."""
        keys = {name.lower(), {"women": "f", "men": "m"}.get(name.lower(), name.lower())}
        return [float(n) for f in self.atlases for key, n in f.counts.items() if key.lower() in keys]

    def is_fixed(self, sentence: str) -> bool:
        """Recognise a sentence of this program about itself, or one that a tool gave."""
        return _plain(sentence) in self._fixed or _plain(re.sub(r"\d+(?:\.\d+)?", "0", sentence)) == _WHAT_NUMBER

    def is_quoted(self, sentence: str) -> bool:
        """Recognise a sentence of a lesson, or one of its sources, word for word."""
        plain = _plain(sentence)
        if len(plain.split()) < 2 and plain not in {lesson.lesion_type.lower() for lesson in self.lessons}:
            return False
        texts = [t for lesson in self.lessons for t in (lesson.text, lesson.lesion_type, *lesson.sources)]
        return any(f" {plain} " in f" {_plain(text)} " for text in texts)

    def in_lesson(self, number: str, sentence: str) -> bool:
        """Tell whether a lesson that shares most of the sentence's words holds a number."""
        words = set(re.findall(r"[a-z]{4,}", sentence.lower()))
        for lesson in self.lessons:
            own = set(re.findall(r"[a-z]{4,}", lesson.text.lower()))
            if (
                words
                and len(words & own) >= 0.5 * len(words)
                and re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", lesson.text)
            ):
                return True
        return False

    # -- records -------------------------------------------------------------------------------------------------
    def _region_records(self, state: TurnState) -> dict[str, Record]:
        facts: dict[str, RegionFacts] = {}
        # what this turn measured counts over the session as it was before, and that over earlier turns
        for e in (e for e in self._evidence if e.turn < self._turn):
            facts.update(_regions_of(e.facts))
        facts.update({r.region_id: r for r in state.regions})
        for e in (e for e in self._evidence if e.turn == self._turn):
            facts.update(_regions_of(e.facts))
        records = {name: _region_record(r) for name, r in facts.items()}
        for c in self.comparisons:
            if c.region_roi_mean is not None and c.region.region_id in records:
                records[c.region.region_id].hu["centre"] = c.region_roi_mean
        return records

    def _lesion_records(self) -> dict[str, Record]:
        records: dict[str, Record] = {}
        for search in self.searches:
            for hit in search.hits:
                record = records.get(hit.lesion_id) or records.setdefault(hit.lesion_id, _lesion_record(hit))
                record.similarities.add(hit.similarity)
                record.ranks.add(hit.rank)
        for e in self._evidence:
            facts = e.facts.lesion if isinstance(e.facts, ComparisonFacts) else e.facts
            if not isinstance(facts, LesionFacts):
                continue
            lesion = facts
            record = records.setdefault(lesion.lesion_id, _lesion_record(lesion))
            record.others = lesion.other_lesions_of_patient
            if isinstance(e.facts, ComparisonFacts):
                record.similarities.add(e.facts.similarity)
                if e.facts.lesion_roi_mean is not None:
                    record.hu["centre"] = e.facts.lesion_roi_mean
        return records

    def _names(self) -> Names:
        types = {*self.atlas_types, *(lesson.lesion_type for lesson in self.lessons)} | set(DEEPLESION_TYPES)
        for record in self.lesions.values():
            types |= record.types
        parts = {r.body_part for r in [*self.lesions.values(), self.study] if r and r.body_part}
        groups = {key for f in self.atlases for key in f.counts}
        return Names(
            lesions=self.lesions.keys(),
            patients={r.patient for r in self.lesions.values() if r.patient},
            files=tuple(f.file_name for f in self._reports),
            types=tuple(sorted(types)),
            body_parts=tuple(sorted(parts)),
            groups=tuple(sorted(groups | ({"women", "men"} if {"F", "M"} & groups else set()))),
        )

    def _words(self, study: SafeFacts | None) -> frozenset[str]:
        """Collect the words that stand in the evidence itself: types, body parts, modality, names of groups."""
        names = " ".join([*self.names.types, *self.names.groups, *self.names.body_parts])
        names += f" {study.modality} {study.body_part or ''} " if study else ""
        if study is not None:
            known = [study.contrast, *(r.traits.get("contrast") for r in self.series.values())]
            names += " contrast" if any(c is not None for c in known) else ""
            names += " compressed compression"
        return frozenset(re.findall(r"[a-z][a-z'-]*", names.lower()))


def _regions_of(facts: Facts) -> dict[str, RegionFacts]:
    match facts:
        case RegionFacts():
            return {facts.region_id: facts}
        case RegionsFound() | SeriesSelected():
            return {r.region_id: r for r in facts.regions}
        case ComparisonFacts():
            return {facts.region.region_id: facts.region}
    return {}


def _region_record(r: RegionFacts) -> Record:
    return Record(
        "region", r.region_id, r.long_axis_mm, r.short_axis_mm, r.area_mm2,
        hu={"mean": r.mean_hu, "sd": r.sd_hu, "min": r.min_hu, "max": r.max_hu},
        score=r.score, slice=r.slice, slices=r.slices, image_number=r.image_number,
    )  # fmt: skip


def _lesion_record(lesion: HitFacts | LesionFacts) -> Record:
    return Record(
        "lesion", lesion.lesion_id, lesion.long_axis_mm, lesion.short_axis_mm, age=lesion.age_years, sex=lesion.sex,
        types={t for t in (lesion.lesion_type,) if t}, body_part=lesion.body_part, patient=lesion.patient_key,
    )  # fmt: skip


def _study_record(f: SafeFacts) -> Record:
    return Record(
        "study", "study", age=f.age_years, sex=f.sex, body_part=f.body_part, slices=f.slices,
        pixels=(f.columns, f.rows),
        geometry={
            "spacing": f.row_spacing_mm, "thickness": f.slice_thickness_mm, "thickest": f.thickest_slice_mm,
            "gap": f.slice_gap_mm, "tilt": f.gantry_tilt_deg, "kvp": f.kvp, "column spacing": f.column_spacing_mm,
        },
        traits=_traits(f) | {"lossy": f.lossy, "ratio": f.lossy_ratio, "thickness": f.slice_thickness_mm},
    )  # fmt: skip


def _series_record(f: SeriesFacts) -> Record:
    return Record("series", f"series {f.number}", slices=f.slices, traits=_traits(f))


def _traits(f: SafeFacts | SeriesFacts) -> dict[str, str | float | bool | None]:
    return {
        "plane": f.plane, "kind": f.kind, "kernel": f.kernel, "contrast": f.contrast, "years": f.years_before_newest,
        "phase_part": f.phase_part, "phase_parts": f.phase_parts,
    }  # fmt: skip


def _plain(sentence: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", sentence.lower()).strip()


_WHAT_NUMBER = _plain(remarks.what_number("0"))
_FIXED = frozenset(_plain(s) for text in remarks.fixed_texts() for s in [text, *split_sentences(text)])
