"""The generated utterances: what a user says in a state of the conversation, and the calls it means.

Everything is drawn from a seed; row n of a seed is always the same. DATA_CARD.md describes them.
"""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.training.corpus import OTHER_ATLAS, in_another_atlas, written
from assistant.training.generator import case_requests as cases
from assistant.training.generator import other_requests as others
from assistant.training.generator import study_requests as studies
from assistant.training.generator import viewer_requests as viewer
from assistant.training.generator.follow_ups import follow_up, pairs
from assistant.training.generator.foreign_languages import foreign
from assistant.training.generator.noise import voiced
from assistant.training.generator.phrase_tables import TYPE_NAMES, pick
from assistant.training.generator.scenes import Made, Maker, Scene, drawn_scene
from assistant.training.generator.search_requests import (
    about_patient,
    corrected,
    identify,
    search,
    similar,
    this_kind,
)
from assistant.training.generator.telegraphic import shorthand
from assistant.understanding.call_language import ParsedCall, write

MAX_CHARACTERS = 240


@dataclass(frozen=True)
class Utterance:
    """What is said in which state, what it means, and which recipe made it."""

    state: str
    text: str
    answer: str
    kind: str
    types: tuple[str, ...] = TYPE_NAMES  # of the atlas


# how often each recipe is used, beside the others
WEIGHTS: dict[Maker, int] = {
    pairs: 190,
    search: 300, similar: 40, this_kind: 12, identify: 80, follow_up: 255, others.measure: 45, others.compare: 40,
    others.compare_regions: 8, others.hit: 38, others.regions: 32, others.show_regions_in: 4, others.atlas: 28, others.explain: 38,
    others.report: 28, others.reasons: 24, others.courtesy: 22, others.declined: 90, others.nonsense: 34, others.injected: 3,
    foreign: 18, corrected: 14, about_patient: 14, others.put_right: 8, shorthand: 60,
    viewer.go: 60, viewer.series: 40, viewer.window: 75, viewer.zoom: 25, viewer.show_hide: 28, viewer.fate_of_region: 50,
    studies.study_topics: 75, studies.where_is: 22, studies.image_number: 22,
    cases.save: 34, cases.own_cases: 34, cases.teaching: 38, cases.export: 34, cases.other_measures: 50, cases.unmet: 60,
}  # fmt: skip
WRITTEN = 0.7  # share of the sentences that were written one by one
ALIKE = 0.85  # shared words among all words: above it a sentence is close kin of another
SEVERAL = 0.14  # share of the others that ask for two or three things
SINGLE = (others.measure, others.report, search, similar, identify, others.explain, others.compare, others.regions, search, others.measure,
          others.report, viewer.go, viewer.window, viewer.zoom, viewer.fate_of_region, studies.study_topics, studies.where_is, cases.save,
          cases.other_measures, cases.export)  # fmt: skip


def utterance(seed: int, number: int, written_share: float = WRITTEN, focus: tuple[str, ...] = ()) -> Utterance:
    """Draw row `number` of a seed; sentences of the files in `focus` more often."""
    rng = random.Random(f"{seed}/{number}")
    while True:
        if rng.random() < written_share:
            filled = written(rng, focus)
            return Utterance(filled.scene.line, filled.text, write(filled.said), "written", filled.scene.types)
        scene = drawn_scene(rng)
        if rng.random() < SEVERAL:
            kind, (text, said) = "several", _several(rng, scene)
        else:
            maker = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            if maker is follow_up and not scene.hits and rng.random() < 0.6:
                scene = Scene(max(1, scene.regions), "search", True)
            kind, (text, said) = maker.__name__, maker(rng, scene)
        if rng.random() < OTHER_ATLAS:
            scene, text, moved = in_another_atlas(scene, text, said, rng)
            said = list(moved)
        small_talk = all(s.do in ("thanks", "hello", "other", "why", "sure") for s in said)
        text = voiced(_tidy(text), rng, remark=not small_talk)
        if text and len(text) <= MAX_CHARACTERS:
            state = scene.line if rng.random() > 0.04 else Scene(1).line  # a state that tells nothing
            return Utterance(state, text, write(said), kind, scene.types)


def _several(rng: random.Random, scene: Scene) -> Made:
    roll = rng.random()
    if roll < 0.12:
        return _not_that(rng, scene)
    if roll < 0.2:
        return _one_each(rng, scene)
    makers = list(dict.fromkeys(rng.sample(SINGLE, rng.choices((2, 3), (80, 20))[0])))
    texts, said = [], []
    for maker in makers:
        text, calls = maker(rng, scene)
        while len(calls) > 1 or len(text) > 90:
            text, calls = maker(rng, scene)
        texts.append(text.rstrip(" .?!"))
        said += calls
    joint = rng.choice((" and ", ", then ", " and then ", "; ", ". ", ", and ", " + ", ", ", ", and after that ", "? "))
    text = joint.join(texts)
    if rng.random() < 0.15:
        text = f"first {text}"
    return text, said


def _not_that(rng: random.Random, scene: Scene) -> Made:
    """Make one thing cancelled, another asked for."""
    off = rng.choice(("measure it", "write a report", "search anything yet", "compare anything", "explain anything"))
    maker = rng.choice((others.measure, search, identify, others.report, others.regions))
    text, said = maker(rng, scene)
    text = text.rstrip(" .?!")
    off_noun = {"measure it": "the measurements", "write a report": "the report"}.get(off, "the talk")
    return pick(rng.choice((f"don't {off}, just {text}", f"{off.replace(' yet', '')}, no wait, {text}", f"skip {off_noun}, {text}",
                            f"do not {off}; {text}", f"{off.replace(' yet', '')}. or actually, forget that, {text}", f"no need for {off_noun}: {text}",
                            f"{text}, but don't {off}")), rng), said  # fmt: skip


def _one_each(rng: random.Random, scene: Scene) -> Made:
    """Make two searches in one sentence: one a region, or one a sex."""
    first, second = rng.sample(("F", "M"), 2)
    names = {"F": rng.choice(("women", "females", "F")), "M": rng.choice(("men", "males", "M"))}
    if rng.random() < 0.5:
        a, b = rng.sample((1, 2, 3), 2)
        k = rng.choice(("", "", "3", "5"))
        top = f"top {k} " if k else ""
        text = pick(f"(similar lesions|lookalikes|similar cases|{top or 'similar'}) for R{a} in {names[first]} and for R{b} in {names[second]}"
                    if rng.random() < 0.6 else f"R{a} {top}{names[first]}; R{b} {top}{names[second]}", rng)  # fmt: skip
        more = {"k": k} if k and "top" in text else {}
        if more and text.count("top") == 1:
            more = {}
            text = text.replace(f"top {k}", "similar").replace("similar  for", "similar for")
        return text, [ParsedCall.model_validate({"do": "search", "sex": s, **more, "region": f"R{r}"})
                      for s, r in ((first, a), (second, b))]  # fmt: skip
    text = pick(f"(show|find) (similar lesions|lookalikes|similar cases) in {names[first]}(, and separately in| and then, separately, in|, then those in|; then the same in) {names[second]}", rng)  # fmt: skip
    return text, [ParsedCall.model_validate({"do": "search", "sex": s}) for s in (first, second)]


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"\s+([,.?!;:])", r"\1", text)).strip(" ,;")
    return re.sub(r"([,.;?!])(?:[,;.])+", r"\1", text).replace("??", "?")


def plain(text: str) -> str:
    """Strip a sentence of case, marks and double spaces, to tell whether two are the same."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def near(text: str) -> frozenset[str]:
    """List the words of a sentence with every number the same, to tell whether two are nearly the same."""
    return frozenset(re.sub(r"\d+", "0", word) for word in plain(text).split())


class Kept:
    """Sentences people wrote for the evaluation: none of them, nor its close kin, is ever trained on."""

    def __init__(self, sentences: list[str]) -> None:
        self._exact = {plain(s) for s in sentences}
        self._bags = {near(s) for s in sentences if len(plain(s).split()) > 4}
        often = Counter(word for bag in self._bags for word in bag)
        self._by_word: dict[str, list[frozenset[str]]] = defaultdict(list)
        for bag in self._bags:
            if len(bag) > 5:  # close kin of a bag have one of its rarest words, since they lack hardly any
                lacking = int((1 - ALIKE) * len(bag))
                for word in sorted(bag, key=lambda w: (often[w], w))[: lacking + 1]:
                    self._by_word[word].append(bag)

    def holds(self, text: str) -> bool:
        """Tell whether a sentence, or close kin of it, is kept."""
        words = near(text)
        if plain(text) in self._exact or words in self._bags:
            return True
        near_by = (bag for word in words for bag in self._by_word.get(word, ()))
        return any(len(words & bag) > ALIKE * len(words | bag) for bag in near_by)


def distinct(seed: int, count: int, kept: Kept | None = None, before: Sequence[Utterance] = ()) -> Iterator[Utterance]:
    """Draw `count` utterances whose texts differ, none of them kept for the evaluation; those in `before` come first."""
    seen: set[str] = set()
    yield from before
    seen.update(_key(one) for one in before)
    number = len(before)
    while len(seen) < count:
        one = utterance(seed, number)
        number += 1
        if _key(one) in seen or (kept is not None and kept.holds(one.text)):
            continue
        seen.add(_key(one))
        yield one


def _key(one: Utterance) -> str:
    return plain(one.text) or one.text


def write_jsonl(utterances: Iterator[Utterance], path: Path) -> int:
    """Write one JSON object a line; return the number of lines."""
    lines = [json.dumps(asdict(one), ensure_ascii=False) for one in utterances]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)
