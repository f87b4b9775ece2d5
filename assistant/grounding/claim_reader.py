"""What a sentence claims: ids, shares, counts, people, ranks, statements, types, and what other modules read.

No judgement here. A digit that nothing has read is a claim too.
"""

import re
from collections.abc import Collection
from typing import get_args

from assistant.grounding import claims_of_actions, claims_of_facts
from assistant.grounding.claims import (
    CASE_NOUN,
    COUNT,
    INSIDE_BOUNDS,
    MASK,
    NEAR,
    NUM,
    PLURAL_SEXES,
    SEXES,
    Claim,
    Kind,
    MaskedSentence,
    Names,
    Quantity,
    Use,
    alternatives,
    claim,
    count_of,
    quantity,
)
from tools.atlas.confidence import LIMIT_WORDS
from tools.domain.study import BodyRegion


def mask_examples(sentence: MaskedSentence) -> None:
    """Mask commands in backticks, and quoted examples of what to ask: they claim nothing."""
    sentence.text = re.sub(r"`[^`]*`", lambda m: MASK * len(m.group()), sentence.text)
    if re.search(r"\b(?:ask|try|say|type|example|e\.g\.)", sentence.text, re.IGNORECASE):
        sentence.text = re.sub(r"“[^”]*”|\"[^\"]*\"", lambda m: MASK * len(m.group()), sentence.text)


def read_ids(sentence: MaskedSentence) -> None:
    """Read ids of lesions, regions, patients, files and evidence, and what only looks like one."""
    sentence.take(
        r"\bno region (R\d{1,4}|number \d{1,4})\b",
        lambda m: claim("no_region", m, words=[m.group(1).upper()]),
    )
    sentence.take(r"\bno hit (\d{1,4})\b", lambda m: claim("no_rank", m, [quantity(m.group(1))]))
    _named(sentence, "file", sentence.names.files)
    _named(sentence, "lesion", sentence.names.lesions)
    _named(sentence, "patient_key", sentence.names.patients)
    sentence.take(r"\[[^\[\]\s]*\d[^\[\]\s]*\]", lambda m: claim("unknown_id", m))
    sentence.take(r"\bE(\d+)\b", lambda m: claim("evidence", m, [quantity(m.group(1))]), re.RegexFlag(0))
    sentence.take(r"\bR(\d{1,4})\b", lambda m: claim("region", m, words=[f"R{m.group(1)}"]), re.RegexFlag(0))
    sentence.take(
        r"(?<![\w-])(?!\d+-(?:year|yr|slice|mm|cm|patient|lesion)"
        r"|\d+(?:\.\d+)?[-/]\d+(?:\.\d+)?\b)(?=[\w-]*[A-Za-z_])(?=[\w-]*\d)"
        r"\w+(?:[-_/]\w+)+",
        lambda m: claim("unknown_id", m),
    )


def _named(sentence: MaskedSentence, kind: Kind, names: Collection[str]) -> None:
    """Read known names, in brackets or not. Words are looked up one by one: a conversation knows thousands of ids."""
    if not names:
        return

    def use(m: re.Match[str]) -> Claim | None:
        return claim(kind, m, words=[m.group(1)]) if m.group(1) in names else None

    sentence.take(r"\[([^\[\]]+)\]", use, re.RegexFlag(0))
    sentence.take(r"(?<![\w-])([^\s\[\](),;\"“”\x00]*\w)(?![\w-])", use, re.RegexFlag(0))


def read_shares(sentence: MaskedSentence) -> None:
    """Read shares of hits and of the atlas, and counts of its groups."""
    if sentence.names.groups:
        group = alternatives(sentence.names.groups)
        if re.search(r"\bby (?:type|sex|body part|source|lesion type)\b", sentence.text, re.IGNORECASE):
            sentence.take(
                rf"(?<![\w-])({group}):? \(?(\d+)\)?(?!\w|\.\d)",
                lambda m: claim("group_count", m, [quantity(m.group(2))], [m.group(1)]),
            )
    kinds = rf"(?:{sentence.type})(?:(?:, | and | or |, and ){sentence.type})*"
    people = alternatives(PLURAL_SEXES)
    what = (
        rf"(?P<what>(?:of )?(?:another|a different|other) types?|not {kinds}|{kinds}|(?:from |of )?{people}"
        rf"|larger|smaller|{INSIDE_BOUNDS})"
    )
    sentence.take(
        rf"\b{COUNT} (?:out )?of (?:the |its |these |those |all )?(?:(?:{NEAR}) )?(?:{COUNT} )?(?:{NEAR} "
        rf")?(?P<noun>{CASE_NOUN}|(?:atlas )?lesions)"
        rf"(?: for \x00+)?(?: in the atlas)?(?: (?:is|are|was|were|come from|belong to)(?: an?)? {what})?",
        lambda m: claim(
            "share",
            m,
            [Quantity(count_of(m.group(1)), 0), *([Quantity(count_of(m.group(2)), 0)] if m.group(2) else [])],
            [m.group("what") or ""],
            "atlas" if "lesion" in m.group("noun") and "retrieved" not in m.group("noun") else "hits",
        ),
    )
    sentence.take(
        rf"\b(?:all|each)(?: of)?(?: the)? (?:{COUNT} )?(?:{NEAR} )?{CASE_NOUN}(?: for \x00+)? (?:is|are) (?:an? "
        rf")?{what}",
        lambda m: claim("all", m, [Quantity(count_of(m.group(1)), 0)] if m.group(1) else [], [m.group("what")]),
    )
    sentence.take(
        rf"\bnone of (?:the |these )?(?:{COUNT} )?(?:{NEAR} )?{CASE_NOUN}(?: for \x00+)? (?:is|are) (?:an? "
        rf")?{what}",
        lambda m: claim(
            "share",
            m,
            [Quantity(0, 0), *([Quantity(count_of(m.group(1)), 0)] if m.group(1) else [])],
            [m.group("what")],
            "hits",
        ),
    )


def read_bounded_ages(sentence: MaskedSentence) -> None:
    """Read the ages of patients that are only stated as 90 or older, or as under 1 year."""
    noun = alternatives((*SEXES, "patient", "person", "child"))

    def age(years: str = "", label: str = "") -> Use:
        return lambda m: claim(
            "age", m, [Quantity(float(years or m.group("age")), 0)], [SEXES.get(m.group("who").lower(), "")], label
        )

    sentence.take(rf"\b(?P<who>{noun})(?: of| aged)? (?P<age>90)(?: years)? or older\b", age())
    sentence.take(rf"\b(?P<who>{noun}) of (?P<age>\d{{1,3}})(?: years)? or older\b", age(label="or older"))
    sentence.take(rf"\b(?P<who>{noun})(?: of| aged)? under 1 year\b", age("0"))


def read_people(sentence: MaskedSentence) -> None:
    """Read sexes and ages."""
    noun = alternatives((*SEXES, "patient", "person"))

    def both(m: re.Match[str]) -> Claim:
        return claim("age", m, [quantity(m.group("age"))], [SEXES.get(m.group("who").lower(), "")])

    sentence.take(
        rf"\b(?P<who>{noun})(?: of| aged|,? age|,)? (?P<age>\d{{1,3}})\b(?:[ -]years?(?:[ -]old)?| y\b)?", both
    )
    sentence.take(rf"\b(?P<age>\d{{1,3}})[ -](?:years?|yr)s?[ -]old (?P<who>{noun})\b", both)
    sentence.take(r"\b(?:aged?(?: of)? |age: )(\d{1,3})\b(?: years?(?: old)?)?|\b(\d{1,3})[ -](?:years?|yrs?"
              r"|y)(?:[ -]old)?\b",
              lambda m: claim("age", m, [quantity(m.group(1) or m.group(2))], [""]))  # fmt: skip
    sentence.take(
        rf"\b({alternatives(PLURAL_SEXES)})\b",
        lambda m: claim("people", m, words=[PLURAL_SEXES[m.group(1).lower()]]),
    )
    sentence.take(rf"\b({alternatives(SEXES)})\b", lambda m: claim("sex", m, words=[SEXES[m.group(1).lower()]]))
    sentence.take(r"(?<=[,(] )([FM])(?=[,;.)]|$| \d)", lambda m: claim("sex", m, words=[m.group(1)]), re.RegexFlag(0))


def read_ranks(sentence: MaskedSentence) -> None:
    """Read ranks, and what is the closest."""
    sentence.take(r"\b(?:hit|rank|case|number|no\.?) (\d{1,2})\b|#(\d{1,2})\b",
              lambda m: claim("rank", m, [quantity(m.group(1) or m.group(2))]))  # fmt: skip
    noun = rf"(?: {CASE_NOUN}| one| lesion| atlas lesion| atlas case)?"
    sentence.take(
        rf"\b(?:closest|nearest|most similar){noun}(?:,? (?:is|was)|:|,)? (?=\x00)",
        lambda m: claim("closest", m),
    )
    sentence.take(
        r"(?<=\x00),? (?:is|was) (?:by far )?(?:the )?(?:closest|nearest|most similar)\b",
        lambda m: claim("closest", m),
    )


def read_counts(sentence: MaskedSentence) -> None:
    """Read how many hits, lesions, patients, slices, series, regions, searches and types."""
    nouns = (
        (rf"(?P<noun>{CASE_NOUN})", "hits"),
        (r"(?P<noun>(?:other|more|further) lesions?)", "others"),
        (r"(?P<noun>patients?)", "patients"),
        (r"(?P<noun>slices?)", "slices"),
        (r"(?P<noun>series)", "series"),
        (r"(?P<noun>places?|suggestions?|candidates?)", "suggestions"),
        (r"(?P<noun>regions?)", "regions"),
        (r"(?P<noun>search(?:es)?)", "searches"),
        (r"(?P<noun>(?:lesion )?types?)", "types"),
    )
    typed = rf"(?:(?P<type>{sentence.type}) )?"
    sentence.take(rf"\b{COUNT} (?:atlas )?{typed}(?P<noun>lesions?)\b", lambda m: claim(
        "count", m, [Quantity(count_of(m.group(1)), 0)], [m.group("type") or ""], "lesions"))  # fmt: skip
    for noun, label in nouns:
        sentence.take(
            rf"\b{COUNT} (?:{NEAR} )?{typed if label == 'hits' else '(?P<type>(?!))?'}{noun}\b",
            lambda m, label=label: claim(  # type: ignore[misc]
                "count", m, [Quantity(count_of(m.group(1)), 0)], [m.group("type") or ""], label
            ),
        )
    sentence.take(rf"\b(?:top|nearest|closest|first) {COUNT}\b|\b{COUNT} {NEAR}\b", lambda m: claim(
        "count", m, [Quantity(count_of(m.group(1) or m.group(2)), 0)], [""], "nearest"))  # fmt: skip
    sentence.take(rf"(?<![\w.]){COUNT} ({sentence.type})(?! ?%)\b", lambda m: claim(
        "count", m, [Quantity(count_of(m.group(1)), 0)], [m.group(2)], "typed"))  # fmt: skip


def read_body_parts_seen(sentence: MaskedSentence) -> None:
    """Read what a picture is said to look like, with its certainty, and that the file does not say."""
    sentence.take(
        rf"\blooks? like (?:the|an?) ({'|'.join(get_args(BodyRegion))})\b(?: \({NUM} ?%\))?",
        lambda m: claim("body_part_seen", m, [quantity(m.group(2))] if m.group(2) else [], [m.group(1).lower()]),
    )
    sentence.take(r"\bdoes not say which part of the body this is\b", lambda m: claim("no_body_part", m))


def read_statements(sentence: MaskedSentence) -> None:
    """Read statements without numbers: confidence, nothing found, whose lesions."""
    level = r"(high|moderate|low|no|medium|strong|weak)"
    said = rf"\b{level} confidence\b|\bconfidence(?: in \w+)?(?: is|:| level| was)* {level}\b"
    sentence.take(said, lambda m: claim(
        "confidence", m, words=[(m.group(1) or m.group(2)).lower()]))  # fmt: skip
    limits = {words.lower(): limit for limit, words in LIMIT_WORDS.items()}
    sentence.take("|".join(map(re.escape, limits)), lambda m: claim("limit", m, words=[limits[m.group().lower()]]))
    sentence.take(r"\b(?:nothing|no lesion|no case)(?: is| was)? (?:similar|close|near) enough\b|\btoo little to name "
              r"a type\b|\bi name no type\b",
              lambda m: claim("no_type", m))  # fmt: skip
    sentence.take(
        r"\bno (?:atlas )?lesions? (?:passe?s?|matche?s?|fits?)\b|\bno hits?\b", lambda m: claim("no_hits", m)
    )
    sentence.take(
        rf"\bno votes? (?:went|goes?) to ({sentence.type})\b", lambda m: claim("no_vote", m, words=[m.group(1)])
    )
    sentence.take(r"\bsame patient\b", lambda m: claim("same_patient", m, words=["yes"]))
    sentence.take(r"\bdifferent patients?\b", lambda m: claim("same_patient", m, words=["no"]))
    sentence.take(r"\b(other patients|this patient|all patients)(?= only|, this one)", lambda m: claim(
        "other_patients", m, words=[m.group(1).lower()]))  # fmt: skip


def read_types(sentence: MaskedSentence) -> None:
    """Read body parts and lesion types."""
    if sentence.names.body_parts:
        part = alternatives(sentence.names.body_parts)
        sentence.take(rf"\b(?:body part(?: is|:)? |(?:series|study|scan|ct) of the )({part})(?![\w-])",
                  lambda m: claim("body_part", m, words=[m.group(1).lower()]))  # fmt: skip
    sentence.take(
        rf"(?<![\w-])({sentence.type})(?![\w-])", lambda m: claim("type", m, words=[sentence.types[_key(m.group(1))]])
    )


def read_left_over(sentence: MaskedSentence) -> None:
    """Read what number nothing has read, but for a list's own."""
    sentence.text = re.sub(r"^\s*(?:[-*•]\s*)?\(?\d{1,2}[.)](?=\s)", lambda m: MASK * len(m.group()), sentence.text)
    sentence.take(r"(?<![\w.])-?\d+(?:[.,]\d+)*", lambda m: claim("number", m))


def _key(word: str) -> str:
    return re.sub(r"\s+", " ", word.lower())


_READERS = (  # from the most specific wording to the least
    mask_examples,
    read_ids,
    read_body_parts_seen,
    claims_of_actions.read_actions,
    claims_of_facts.read_unstated,
    claims_of_facts.read_series,
    read_shares,
    read_bounded_ages,
    claims_of_facts.read_comparisons,
    claims_of_facts.read_densities,
    claims_of_facts.read_bounds,
    claims_of_facts.read_measures,
    read_people,
    read_ranks,
    read_counts,
    read_statements,
    read_types,
    claims_of_facts.read_traits,
    read_left_over,
)


def read_claims(sentence: str, names: Names) -> list[Claim]:
    """Read all claims of one sentence, in order."""
    masked = MaskedSentence(sentence, names)
    for read in _READERS:
        read(masked)
    return sorted(masked.claims, key=lambda c: c.start)
