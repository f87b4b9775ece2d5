"""The facts of a turn in words of other models: honest sentences the built-in planner would not write."""

from collections.abc import Callable, Iterator

from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    HitFacts,
    LesionFacts,
    RegionFacts,
    SearchFacts,
    StudyFacts,
)

SEX_NOUNS = {"F": "woman", "M": "man"}
SEX_ADJECTIVES = {"F": "female", "M": "male"}


def paraphrases(facts: Facts) -> list[str]:
    """Write sentences that are true of one tool result; each stands on its own."""
    for kind, say in _SAY.items():
        if isinstance(facts, kind):
            return list(say(facts))
    return []


def _search(f: SearchFacts) -> Iterator[str]:
    r, hits = f.region_id, f.hits
    yield f"I searched {f.candidates} of the {f.atlas_size} lesions in the atlas."
    if not hits:
        return
    first = hits[0]
    yield f"The search for {r} returned {len(hits)} hits."
    yield from _lesion_lines(first)
    yield f"The similarity between {r} and [{first.lesion_id}] is {first.similarity:.2f}."
    if len(hits) > 1:
        second = hits[1]
        yield f"Second comes [{second.lesion_id}] with a similarity of {second.similarity:.3f}."
        yield f"Both [{first.lesion_id}] and [{second.lesion_id}] are among the closest cases."
    if len(hits) > 2 and hits[2].long_axis_mm is not None:
        yield f"[{hits[2].lesion_id}] ({hits[2].long_axis_mm:.0f} mm) is the third hit."
    if f.votes:
        top = f.votes[0]
        yield f"{r} most resembles {top.lesion_type} lesions, which received {100 * top.probability:.0f}% of the vote."
        if not f.filters.lesion_types:
            same = sum(hit.lesion_type == top.lesion_type for hit in hits)
            yield f"{same} of the {len(hits)} retrieved cases are {top.lesion_type} lesions."
        yield f"My confidence in this is {f.confidence}."
    else:
        yield "None of the atlas cases is similar enough to suggest a type."


def _lesion_lines(hit: HitFacts | LesionFacts) -> Iterator[str]:
    name, size, age = f"[{hit.lesion_id}]", hit.long_axis_mm, hit.age_years
    if hit.sex and age is not None and size is not None and hit.lesion_type:
        noun = SEX_NOUNS[hit.sex]
        yield f"The case {name} is a {size:.1f} mm {hit.lesion_type} lesion in a {age}-year-old {noun}."
        yield f"Lesion {name} comes from a {SEX_ADJECTIVES[hit.sex]} patient aged {age}."
        yield f"With a long axis of {size / 10:.2f} cm, {name} was found in a {noun} of {age} years."
    if size is not None and hit.short_axis_mm is not None:
        yield f"{name} measures about {size:.0f} mm by {hit.short_axis_mm:.0f} mm."


def _region(f: RegionFacts) -> Iterator[str]:
    r = f.region_id
    if f.long_axis_mm is not None and f.short_axis_mm is not None:
        yield f"The long axis of {r} is {f.long_axis_mm:.1f} mm and its short axis {f.short_axis_mm:.1f} mm."
        yield f"{r} is roughly {f.long_axis_mm / 10:.1f} cm across."
    if f.area_mm2 is not None:
        yield f"{r} covers an area of {f.area_mm2:.0f} mm²."
    yield f"The mean attenuation of {r} is {f.mean_hu:.0f} HU with a standard deviation of {f.sd_hu:.0f} HU."
    yield f"Inside {r}, densities range from {f.min_hu:.0f} to {f.max_hu:.0f} HU."
    yield f"{r} lies on slice {f.slice} of {f.slices}."


def _comparison(f: ComparisonFacts) -> Iterator[str]:
    r, name, d = f.region.region_id, f.lesion.lesion_id, f.long_axis_difference_mm
    if d:
        yield f"{r} is {abs(d):.1f} mm {'longer' if d > 0 else 'shorter'} than [{name}]."
        yield f"{r} is {'larger' if d > 0 else 'smaller'} than [{name}]."
    yield f"{r} and [{name}] have a similarity of {f.similarity:.2f}."
    if f.same_patient is not None:
        yield f"{r} and [{name}] come from {'the same patient' if f.same_patient else 'different patients'}."
    yield from _lesion_lines(f.lesion)


def _lesion(f: LesionFacts) -> Iterator[str]:
    yield from _lesion_lines(f)
    if f.lesion_type:
        yield f"[{f.lesion_id}] is a {f.lesion_type} lesion."


def _atlas(f: AtlasFacts) -> Iterator[str]:
    yield f"The atlas contains {f.total} lesions from {f.patients} patients."
    if f.group_by == "lesion_type":
        for name, count in list(f.counts.items())[:3]:
            yield f"There are {count} {name} lesions in the atlas."


def _study(f: StudyFacts) -> Iterator[str]:
    s = f.facts
    yield f"This is a {s.modality} series with {s.slices} slices."
    if s.slice_thickness_mm is not None:
        yield f"The slice thickness is {s.slice_thickness_mm:g} mm."
    if s.sex in SEX_NOUNS and s.age_years is not None:
        yield f"The patient is a {s.age_years}-year-old {SEX_NOUNS[s.sex]}."


_SAY: dict[type[Facts], Callable[..., Iterator[str]]] = {
    SearchFacts: _search,
    RegionFacts: _region,
    ComparisonFacts: _comparison,
    LesionFacts: _lesion,
    AtlasFacts: _atlas,
    StudyFacts: _study,
}
