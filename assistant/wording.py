"""The words of the built-in answers: made from facts alone, short first, for a reader who knows radiology."""

from collections import Counter
from collections.abc import Iterable, Sequence

from assistant.phrases import (
    SEX_NOUN,
    SEX_PLURAL,
    cite,
    counted,
    filter_phrases,
    lesion_facts,
    likeness,
    listed,
    number,
    percent,
    person,
    region_place,
    size,
)
from assistant.state import TurnState
from assistant.understanding import Wanted
from tools.results import (
    AtlasFacts,
    ComparisonFacts,
    HitFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    StudyFacts,
)

NEAREST_SHOWN = 3
SAME_SIZE = 0.15  # axes that differ by less than this share count as similar
MODALITIES = {"CT": "CT", "MR": "MR", "PT": "PET"}

CAUTION = "For research and teaching: likeness to atlas cases, not a diagnosis."
NO_STUDY = (
    "No study is open yet. Upload a CT (DICOM files, a folder or a zip) or pick a sample case, then click the lesion. "
    "Meanwhile I can tell you what the atlas holds or explain a lesion type."
)
NOTHING_FOUND = (
    "I found no place in this series that stands out. Click the lesion or draw a box around it, and I will search "
    "with that."
)
CONTRADICTION = "Those two bounds exclude each other: which of them do you mean?"
NOTHING_BEFORE = "There is no search before this one to go back to."
WENT_BACK = "Back to the search before."
NOTHING_SEARCHED = "I have not searched yet, so there is nothing to explain. Ask what the lesion looks like first."
NO_HITS_TO_NAME = "The last search found no lesion, so there is none to show. Loosen a filter and search again."
NOT_RECORDED = "The atlas does not record that for these hits."
REAL_ATLAS = (
    "This is the synthetic teaching atlas and your study is real CT, so take the likeness as a demonstration; "
    "`lesion-search index` builds an atlas from real cases."
)
MOST_HITS_SHOWN = "I show at most 50 hits."
COMPARE_WITH_WHAT = "Compare with what: a lesion id, or shall I search first and take the closest?"
NOT_A_FILTER = "The atlas does not record whether a lesion is benign or malignant, so that could not be a filter."
THANKS = "You are welcome."
ENCODER_SEES = (
    "The encoder sees only the picture around the lesion; sex, age and history play no part in the similarity."
)
CALIBRATED = "The vote is calibrated on atlas patients left out in turn; it is about likeness, not disease."


def joined(parts: Iterable[str]) -> str:
    """The parts of an answer, one paragraph each."""
    return "\n\n".join(p for p in parts if p)


# -- searches ------------------------------------------------------------------------------------------------------
def search_answer(
    facts: SearchFacts,
    region: RegionFacts,
    *,
    evidence: int = 0,
    suggested: bool = False,
    others: Sequence[RegionFacts] = (),
    asked_type: str | None = None,
    atlas_types: Sequence[str] = (),
    caution: bool = False,
) -> str:
    """What was looked at, what it resembles and how sure, the nearest cases, what speaks against, the filters."""
    opening = [_looked_at(facts, region, suggested, others, atlas_types)]
    if not facts.hits:
        opening.append("No atlas lesion passes these filters; loosen one and I will search again.")
        return " ".join(opening)
    parts = [" ".join(opening), " ".join([*_verdict(facts, asked_type, evidence)])]
    parts.append("\n".join([_nearest_title(facts), *(_hit_line(h, region) for h in facts.hits[:NEAREST_SHOWN])]))
    parts.append(" ".join(_against(facts, region)))
    closing = [REAL_ATLAS] if facts.synthetic_atlas and not facts.synthetic_study else []
    if caution:
        closing.append(CAUTION)
    return joined([*parts, " ".join(closing)])


def _looked_at(
    facts: SearchFacts,
    region: RegionFacts,
    suggested: bool,
    others: Sequence[RegionFacts],
    atlas_types: Sequence[str],
) -> str:
    scope = () if facts.filters.scope != "cross-patient" else ("other patients only",)
    among = f"{facts.candidates} of {facts.atlas_size} atlas lesions"
    searched = f"searched {among}: {', '.join([*filter_phrases(facts.filters, atlas_types), *scope])}."
    if not suggested:
        return f"I looked at {region_place(region)} and {searched}"
    more = f" (also suggested: {listed(r.region_id for r in others)})" if others else ""
    return f"You had not marked a lesion, so I took my best suggestion, {region_place(region)}{more}, and {searched}"


def _verdict(facts: SearchFacts, asked_type: str | None, evidence: int) -> list[str]:
    ref = f" (E{evidence})" if evidence else ""
    votes = facts.votes
    if facts.confidence == "none":
        return [f"Nothing similar enough in this atlas to name a type{ref}."]
    if not votes:
        return [f"The hits carry no types, so there is no vote{ref}."]
    only = set(facts.filters.lesion_types)
    if len(only) == 1:
        return [f"Only {next(iter(only))} lesions were allowed, so the hits say nothing about the type{ref}."]
    first = votes[0]
    told = [
        f"It most resembles **{first.lesion_type}** lesions: {percent(first.probability)} of the vote, "
        f"{facts.confidence} confidence{ref}."
    ]
    rest = [v for v in votes[1:3] if v.probability >= 0.05]
    if rest:
        told.append(f"Next: {listed(f'{v.lesion_type} {percent(v.probability)}' for v in rest)}.")
    if asked_type and asked_type != first.lesion_type:
        share = next((v.probability for v in votes if v.lesion_type == asked_type), 0.0)
        told.append(f"For {asked_type} speaks {percent(share)}." if share else f"No vote went to {asked_type}.")
    return told


def _nearest_title(facts: SearchFacts) -> str:
    if facts.confidence == "none":
        return "The nearest, for reference only:"
    return f"Nearest of {counted(len(facts.hits), 'hit')}:" if len(facts.hits) > NEAREST_SHOWN else "Nearest:"


def _hit_line(hit: HitFacts, region: RegionFacts) -> str:
    return (
        f"- {cite(hit.lesion_id)} {lesion_facts(hit)}; similarity "
        f"{likeness(hit.similarity)}{_size_beside(hit.long_axis_mm, region)}."
    )


def _size_beside(long_mm: float | None, region: RegionFacts) -> str:
    own = region.long_axis_mm
    if long_mm is None or not own:
        return ""
    difference = long_mm - own
    if abs(difference) <= SAME_SIZE * own:
        return f"; about the size of {region.region_id}"
    return f"; {number(abs(difference))} mm {'longer' if difference > 0 else 'shorter'} than {region.region_id}"


def _against(facts: SearchFacts, region: RegionFacts) -> list[str]:
    told = []
    counts = Counter(h.lesion_type for h in facts.hits if h.lesion_type)
    leader = facts.votes[0].lesion_type if facts.votes else None
    strangers = {t: n for t, n in counts.most_common() if t != leader}
    if facts.confidence != "none" and leader and len(set(facts.filters.lesion_types)) != 1:
        if strangers:
            total = sum(strangers.values())
            kinds = listed(f"{n} {t}" for t, n in strangers.items())
            told.append(
                f"Against it: {total} of the {counted(len(facts.hits), 'hit')} {'is' if total == 1 else 'are'} of "
                f"another type ({kinds})."
            )
        elif len(facts.hits) > 1:
            told.append(f"All {len(facts.hits)} hits are {leader}; none speaks against it.")
    own = region.long_axis_mm
    sizes = [h.long_axis_mm for h in facts.hits[:NEAREST_SHOWN] if h.long_axis_mm is not None]
    if own and len(sizes) > 1 and facts.confidence != "none":
        if all(s > (1 + SAME_SIZE) * own for s in sizes):
            told.append(f"The nearest are all larger than {region.region_id}.")
        elif all(s < (1 - SAME_SIZE) * own for s in sizes):
            told.append(f"The nearest are all smaller than {region.region_id}.")
    if facts.confidence == "low":
        told.append("Confidence is low: the hits are not close, or disagree.")
    return told


def why_answer(facts: SearchFacts, region: RegionFacts | None, evidence: int, types: Sequence[str] = ()) -> str:
    """The reasons behind the last search: votes, agreement, similarity, size."""
    if not facts.hits:
        return "The last search had no hits: no atlas lesion passed its filters."
    told = []
    first = facts.hits[0]
    ref = f" (E{evidence})" if evidence else ""
    if facts.confidence == "none":
        told.append(
            f"Because even the closest case, {cite(first.lesion_id)}, reaches a similarity of only "
            f"{likeness(first.similarity)}: "
            f"too little to name a type{ref}."
        )
        return " ".join(told)
    if facts.votes:
        leader = facts.votes[0]
        same = sum(h.lesion_type == leader.lesion_type for h in facts.hits)
        told.append(
            f"{same} of the {counted(len(facts.hits), 'hit')} for {facts.region_id} "
            f"{'is' if same == 1 else 'are'} {leader.lesion_type}, and closer hits count more: "
            f"{percent(leader.probability)} of the vote{ref}."
        )
        for name in types:
            share = next((v.probability for v in facts.votes if v.lesion_type == name), 0.0)
            if name != leader.lesion_type:
                told.append(f"For {name} speaks {percent(share)}." if share else f"No vote went to {name}.")
    told.append(
        f"The closest is {cite(first.lesion_id)}: {lesion_facts(first)}, similarity {likeness(first.similarity)}."
    )
    if region:
        told += _against(facts, region)
    told.append(
        "The encoder sees only the picture around the lesion; sex, age and history play no part in the similarity."
    )
    return " ".join(told)


def sureness_answer(facts: SearchFacts) -> str:
    """How sure the last search was."""
    if not facts.hits:
        return "The last search had no hits, so there is nothing to be sure of."
    if facts.confidence == "none" or not facts.votes:
        return (
            f"Not at all: the closest case, {cite(facts.hits[0].lesion_id)}, has a similarity of "
            f"{likeness(facts.hits[0].similarity)}, "
            "too little to name a type."
        )
    told = [
        f"{facts.confidence.capitalize()} confidence for {facts.region_id}: {facts.votes[0].lesion_type} has "
        f"{percent(facts.votes[0].probability)} of the vote."
    ]
    if len(facts.votes) > 1:
        told.append(f"The runner-up is {facts.votes[1].lesion_type} with {percent(facts.votes[1].probability)}.")
    told.append(CALIBRATED)
    return " ".join(told)


def count_answer(facts: SearchFacts, wanted: Wanted) -> str:
    """How many of the last hits are of a type, a sex, an age."""
    tests = []
    if wanted.lesion_types:
        tests.append((listed(wanted.lesion_types, "or"), [h.lesion_type in wanted.lesion_types for h in facts.hits]))
    if wanted.sex:
        tests.append((SEX_PLURAL[wanted.sex], [h.sex == wanted.sex for h in facts.hits]))
    if not tests:
        counts = Counter(h.lesion_type or "type not recorded" for h in facts.hits)
        return (
            f"The {counted(len(facts.hits), 'hit')} for {facts.region_id}: "
            f"{listed(f'{n} {t}' for t, n in counts.most_common())}."
        )
    return " ".join(
        f"{sum(found)} of the {counted(len(facts.hits), 'hit')} for {facts.region_id} "
        f"{'is' if sum(found) == 1 else 'are'} {what}."
        for what, found in tests
    )


def filters_answer(facts: SearchFacts | None) -> str:
    """The filters of the last search."""
    if facts is None:
        return "No filter is set; nothing has been searched yet."
    said = filter_phrases(facts.filters)
    return (
        f"The last search, for {facts.region_id}, used: {'; '.join(said)}."
        if said
        else (f"The last search, for {facts.region_id}, used no filter beyond leaving out this patient.")
    )


# -- study, regions, measurements ----------------------------------------------------------------------------------
def study_answer(facts: StudyFacts) -> str:
    """The open study in two or three sentences."""
    f = facts.facts
    modality = MODALITIES.get(f.modality, f.modality)
    what = f"{'A synthetic ' if f.synthetic else 'A '}{modality} series"
    if f.body_part:
        what += f" of the {f.body_part}"
    told = [f"{what}: {counted(f.slices, 'slice')} of {f.columns} × {f.rows} pixels."]
    geometry = []
    if f.row_spacing_mm is not None:
        geometry.append(f"pixel spacing {f.row_spacing_mm:.2f} mm")
    if f.slice_thickness_mm is not None:
        geometry.append(f"slice thickness {number(f.slice_thickness_mm)} mm")
    if f.slice_gap_mm is not None:
        geometry.append(f"slices {number(f.slice_gap_mm)} mm apart")
    if f.gantry_tilt_deg:
        geometry.append(f"gantry tilt {number(f.gantry_tilt_deg)}°")
    if f.kvp:
        geometry.append(f"{number(f.kvp)} kVp")
    if geometry:
        listed_geometry = listed(geometry)
        told.append(f"{listed_geometry[0].upper()}{listed_geometry[1:]}.")
    else:
        told.append("The file gives no spacing, so nothing can be measured.")
    if f.contrast is not None:
        told.append("With contrast." if f.contrast else "Without contrast.")
    who = person(f.sex, f.age_years)
    if who:
        told.append(f"Patient: {who}.")
    if facts.series > 1:
        told.append(f"The upload holds {facts.series} series; this is the one on the screen.")
    return " ".join([*told, *facts.warnings])


def regions_answer(facts: RegionsFound) -> str:
    """The suggestions, best first."""
    if not facts.regions:
        return NOTHING_FOUND
    lines = [
        f"- {r.region_id}: slice {r.slice}, {size(r.long_axis_mm, r.short_axis_mm) or 'size unknown'}, mean "
        f"{number(r.mean_hu)} {r.units}"
        + (f", score {r.score:.2f}" if r.score is not None else "") + "."
        for r in facts.regions
    ]  # fmt: skip
    n = len(facts.regions)
    title = f"{counted(n, 'place')} worth a look, best first. These are suggestions, not findings:"
    return "\n".join([title, *lines])


def measure_answer(measured: Sequence[RegionFacts], suggested: bool = False) -> str:
    """Axes, area and density of one region, or several side by side."""
    lines = [_measured(r) for r in measured]
    if len(measured) == 1:
        intro = "You had not marked a lesion, so I measured my best suggestion. " if suggested else ""
        return intro + lines[0]
    told = "\n".join(f"- {line}" for line in lines)
    by_size = [r for r in measured if r.long_axis_mm is not None]
    if len(by_size) == 2 and by_size[0].long_axis_mm != by_size[1].long_axis_mm:
        a, b = sorted(by_size, key=lambda r: r.long_axis_mm or 0, reverse=True)
        difference = (a.long_axis_mm or 0) - (b.long_axis_mm or 0)
        told += f"\n\n{a.region_id} is {number(difference)} mm longer than {b.region_id}."
    return told


def _measured(r: RegionFacts) -> str:
    told = f"{r.region_id} on slice {r.slice}: "
    if r.long_axis_mm is None:
        told += "no spacing in the file, so no size in mm; "
    else:
        told += f"long axis {number(r.long_axis_mm)} mm"
        if r.short_axis_mm is not None:
            told += f", short axis {number(r.short_axis_mm)} mm"
        if r.area_mm2 is not None:
            told += f", area {number(r.area_mm2)} mm²"
        told += "; "
    return (
        told
        + f"mean {number(r.mean_hu)} {r.units}, SD {number(r.sd_hu)}, range {number(r.min_hu)} to {number(r.max_hu)} "
        f"{r.units}."
    )


# -- atlas lesions -------------------------------------------------------------------------------------------------
def lesion_answer(facts: LesionFacts, hit: HitFacts | None = None) -> str:
    """One atlas lesion."""
    told = [f"{cite(facts.lesion_id)}: {lesion_facts(facts)}."]
    if hit:
        told.append(f"It was hit {hit.rank}, with a similarity of {likeness(hit.similarity)}.")
    if facts.body_part:
        told.append(f"Body part: {facts.body_part}.")
    n = facts.other_lesions_of_patient
    if n:
        told.append(f"The atlas holds {counted(n, 'other lesion')} of this patient.")
    return " ".join(told)


def comparison_answer(facts: ComparisonFacts, suggested: bool = False) -> str:
    """A region beside an atlas lesion: likeness, then what differs."""
    region, lesion = facts.region, facts.lesion
    name, cited = region.region_id, cite(lesion.lesion_id)
    intro = "You had not marked a lesion, so I used my best suggestion. " if suggested else ""
    told = [f"{intro}{name} beside {cited} ({lesion_facts(lesion)}): similarity {likeness(facts.similarity)}."]
    difference = facts.long_axis_difference_mm
    if difference is not None and region.long_axis_mm is not None and lesion.long_axis_mm is not None:
        if abs(difference) < 0.1:
            told.append(f"{name} and {cited} share a long axis of {number(region.long_axis_mm)} mm.")
        else:
            way = "longer" if difference > 0 else "shorter"
            told.append(
                f"{name} is {number(abs(difference))} mm {way} than {cited}: {name} measures "
                f"{number(region.long_axis_mm)} mm, {cited} {number(lesion.long_axis_mm)} mm."
            )
    elif region.long_axis_mm is None:
        told.append("The study gives no spacing, so sizes cannot be compared.")
    if facts.region_roi_mean is not None and facts.lesion_roi_mean is not None:
        told.append(
            f"The centre of {name} has {number(facts.region_roi_mean)} HU, that of {cited} "
            f"{number(facts.lesion_roi_mean)} HU."
        )
    if facts.same_patient is not None:
        told.append("They are of the same patient." if facts.same_patient else "They are of different patients.")
    return " ".join(told)


def atlas_answer(facts: AtlasFacts, asked: Sequence[str] = ()) -> str:
    """How many lesions, counted one way."""
    kind = "synthetic teaching " if facts.synthetic else ""
    told = []
    words = {"F": "women", "M": "men"} if facts.group_by == "sex" else {}
    for name in asked:
        if name in facts.counts:
            told.append(f"{facts.counts[name]} of the {facts.total} lesions are {_group(name, words, facts)}.")
    told.append(f"The {kind}atlas holds {counted(facts.total, 'lesion')} of {counted(facts.patients, 'patient')}.")
    by = {"lesion_type": "type", "body_part": "body part"}.get(facts.group_by, facts.group_by)
    counts = sorted(facts.counts.items(), key=lambda c: -c[1])
    told.append(f"By {by}: {', '.join(f'{words.get(n, n)} {c}' for n, c in counts)}.")
    return " ".join(told)


def _group(name: str, words: dict[str, str], facts: AtlasFacts) -> str:
    return f"of {words[name]}" if name in words else name


def lesson_answer(facts: LessonFacts) -> str:
    """A teaching text with its sources."""
    sources = "".join(f"\n- {s}" for s in facts.sources)
    return f"**{facts.lesion_type.capitalize()}.** {facts.text}" + (f"\n\nSources:{sources}" if sources else "")


def report_answer(facts: ReportFacts) -> str:
    """The report that was written."""
    kind = {"html": "HTML", "json": "JSON", "dicom-sr": "DICOM SR"}[facts.format]
    return (
        f"The {kind} report is ready: {facts.file_name}, with {counted(facts.regions, 'region')} and "
        f"{counted(facts.searches, 'search', 'searches')}."
    )


# -- without tools -------------------------------------------------------------------------------------------------
DECLINED = {
    "treatment": "Treatment is not something I can advise on.",
    "prognosis": "I cannot judge prognosis or course.",
    "malignancy": "I cannot tell cancer from benign: I compare pictures, and the atlas does not record disease.",
    "diagnosis": "I do not make diagnoses: I compare pictures.",
    "next step": "I cannot recommend a next step; that belongs to the treating team.",
    "growth": "I see one study at a time, so I cannot judge change over time.",
    "identity": "I do not know who the patient is: names, dates and hospital are dropped when a file is read.",
}
OFFER = "I can show which atlas lesions it resembles and how sure that is, measure it, or compare it with one case."
OFFER_WITHOUT_STUDY = (
    "I can tell you what the atlas holds, explain a lesion type, or, once a study is open, find look-alikes."
)


def decline(kind: str, state: TurnState) -> str:
    """What is out of scope, and what is offered instead."""
    return f"{DECLINED[kind]} {OFFER if state.study else OFFER_WITHOUT_STUDY}"


HELP = """I find atlas lesions that look like yours and say how they compare. You can ask, for example:
- What does this look like?
- Find similar liver lesions in women over 60, smaller than 2 cm, top 5.
- Why? Compare with the closest. Describe #3.
- Measure R1. Suggest regions. Describe the study.
- What is in the atlas? Explain mediastinal lesions.
- Write a report (HTML, JSON or DICOM SR)."""
NOT_UNDERSTOOD = (
    "I did not understand that. I can find similar lesions, measure, compare, describe the study or the atlas, "
    "explain a lesion type and write a report; try “what does this look like?” or “only liver, women over 60”. What "
    "would you like to see?"
)
GREETING_MARKED = "Hello. Your study is open. Ask what the marked lesion looks like, or ask for help."
GREETING_UNMARKED = "Hello. Your study is open. Click a lesion, ask me to suggest regions, or ask for help."


def help_text(state: TurnState) -> str:
    """What can be asked."""
    return HELP if state.study else f"{HELP}\n\n{NO_STUDY}"


def greeting(state: TurnState) -> str:
    if state.study is None:
        return f"Hello. {NO_STUDY}"
    return GREETING_MARKED if state.regions else GREETING_UNMARKED


def not_understood(state: TurnState) -> str:
    return NOT_UNDERSTOOD


def which_region(ids: Sequence[str]) -> str:
    return f"Which region do you mean: {listed(ids, 'or')}?"


def which_type(types: Sequence[str]) -> str:
    return (
        f"Which lesion type shall I explain: {listed(types, 'or')}?" if types else "Which lesion type shall I explain?"
    )


VAGUE = (
    "small", "tiny", "little", "large", "big", "huge", "old", "young", "smaller",
    "larger", "bigger", "older", "younger",
)  # fmt: skip


def how_unclear(word: str) -> str:
    examples = {"old": "over 65", "older": "over 65", "young": "under 40", "younger": "under 40"}
    example = examples.get(word, "under 10 mm" if word in ("small", "tiny", "little", "smaller") else "over 30 mm")
    return f"What counts as {word} here? Give me a limit, for example “{example}”."


def what_number(number: str) -> str:
    return f"What does {number} stand for: an age, a size in mm, or a number of hits?"


def fixed_texts() -> tuple[str, ...]:
    """What the program says of itself: no evidence is needed, and none could be given."""
    return (
        CAUTION, NO_STUDY, NOTHING_FOUND, NOTHING_SEARCHED, NOTHING_BEFORE, WENT_BACK, CONTRADICTION,
        NO_HITS_TO_NAME, NOT_RECORDED, REAL_ATLAS, THANKS, HELP,
        NOT_A_FILTER, MOST_HITS_SHOWN, COMPARE_WITH_WHAT,
        NOT_UNDERSTOOD, GREETING_MARKED, GREETING_UNMARKED, f"Hello. {NO_STUDY}", OFFER, OFFER_WITHOUT_STUDY,
        ENCODER_SEES,
        CALIBRATED, *DECLINED.values(), *(how_unclear(w) for w in VAGUE),
    )  # fmt: skip


def no_such_region(name: str, ids: Sequence[str]) -> str:
    known = f"There is {listed(ids)}." if ids else "None is marked yet."
    return f"There is no region {name}. {known}"


def no_such_hit(n: int, total: int) -> str:
    return f"There is no hit {n}: the last search has {counted(total, 'hit')}."


def no_such_type(name: str, types: Sequence[str]) -> str:
    known = f"Its types are {listed(types)}." if types else "Its lesions carry no types."
    return f"This atlas has no lesions of type {name}, so I did not search. {known}"


# -- steps and suggestions -----------------------------------------------------------------------------------------
def follow_ups(state: TurnState, tools: Sequence[str]) -> tuple[str, ...]:
    """Up to three next questions that fit where the conversation is."""
    if state.study is None:
        return ("What is in the atlas?", "Explain liver lesions", "What can you do?")
    search = state.searches[0].facts if state.searches else None
    if search is None or not search.hits:
        mark = ("What does this look like?",) if state.regions else ("Suggest regions",)
        return (*mark, "Describe the study", "What is in the atlas?")
    leader = search.votes[0].lesion_type if search.votes and search.confidence != "none" else None
    mixed = any(h.lesion_type != leader for h in search.hits)
    ideas = ["Compare with the closest"] if "compare_lesion" not in tools else ["Describe the second hit"]
    if leader and mixed and not search.filters.lesion_types:
        ideas.append(f"Only {leader}")
    elif leader and "explain_lesion_type" not in tools:
        ideas.append(f"Explain {leader} lesions")
    if state.study.sex in SEX_NOUN and not search.filters.sex:
        ideas.append(f"Only {SEX_PLURAL[state.study.sex]}")
    ideas += ["Why?", "Write a report"]
    return tuple(ideas[:3])
