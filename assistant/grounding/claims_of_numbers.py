"""Readers of claims with a number and a unit: comparisons, densities, bounds, measures."""

import re

from assistant.grounding.claims import DOWN, HEDGE, NUM, SIDES, UP, Claim, Kind, MaskedSentence, Use, claim, quantity


def read_comparisons(sentence: MaskedSentence) -> None:
    """Read what is larger, smaller or of like size, and by how much."""
    way = "|".join((*UP, *DOWN))
    than = (
        r"(?P<than> (?:than|compared with|compared to) (?:the |that of )?(?:\x00+|it|this (?:region|lesion)"
        r"|yours))?"
    )
    sentence.take(
        rf"(?P<hedge>{HEDGE} )?{NUM} ?(?P<unit>mm|cm|years?) (?P<way>{way})\b{than}",
        lambda m: claim(
            "delta",
            m,
            [quantity(m.group(2), 10 if m.group("unit") == "cm" else 1, bool(m.group("hedge")))],
            ["up" if m.group("way").lower() in UP else "down"],
            "age" if m.group("unit").startswith("year") or m.group("way").lower() in ("older", "younger") else "size",
        ),
    )
    sentence.take(
        rf"\b(?P<all>all )?(?P<way>{way}) (?:than|compared with|compared to) (?:the |that of )?(?:\x00+|it\b|this "
        rf"(?:region|lesion)|yours)",
        lambda m: claim(
            "comparison",
            m,
            words=["up" if m.group("way").lower() in UP else "down", "all" if m.group("all") else ""],
            label="age" if m.group("way").lower() in ("older", "younger") else "size",
        ),
    )
    sentence.take(
        r"\b(?:about|roughly|nearly|of)? ?(?:the|a) (?:same |similar )?size (?:of|as) \x00+|\b(?:similar"
        r"|comparable) in size(?: (?:to|with) \x00+)?",
        lambda m: claim("like_size", m),
    )


def read_densities(sentence: MaskedSentence) -> None:
    """Read HU: means, deviations, ranges."""

    def of(label: str, groups: tuple[int, ...] = (1,)) -> Use:
        return lambda m: claim("hu", m, [quantity(m.group(g)) for g in groups], label=label)

    signed = r"(-?\d+(?:\.\d+)?)"
    units = r"(?:HU|Hounsfield units?|arbitrary(?: units?)?)"
    where = r"(?: density| attenuation| value)?(?: (?:of|in|inside) \x00+)?(?: of| is|:)?"
    sentence.take(
        rf"\b(?:range|ranges|ranging|from|between)(?: of| is|:| from)? {signed}(?: ?{units})?"
        rf" ?(?:to|-|and) ?{signed} ?{units}",
        of("range", (1, 2)),
    )
    bare = r"(?!\d|\.\d| ?(?:mm|cm|%))"
    sentence.take(rf"\b(?:SD|standard deviation){where} {signed}(?: ?{units}|{bare})", of("sd"))
    sentence.take(rf"\b(?:mean|average){where} {signed} ?{units}", of("mean"))
    sentence.take(rf"\bmin(?:imum|\.)?{where} {signed} ?{units}", of("min"))
    sentence.take(rf"\bmax(?:imum|\.)?{where} {signed} ?{units}", of("max"))
    sentence.take(rf"(?<![\d.\w-]){signed} ?{units}", of(""))
    sentence.take(rf"\b(?:mean|SD|average){where} {signed} ?(?:mm|cm|%)", lambda m: claim("number", m))


def read_bounds(sentence: MaskedSentence) -> None:
    """Read bounds of ages and sizes, as filters are said back."""
    more, less = r"(?:over|older|more|larger|above|longer|up)", r"(?:under|younger|less|smaller|below|shorter)"
    age, unit = r"(?: ?years?(?: old)?| years of age)?", r" ?(mm|cm)"

    def ages(low: int | None, high: int | None) -> Use:
        return lambda m: claim(
            "age_bound",
            m,
            [quantity(m.group(g)) for g in (low, high) if g],
            ["range" if low and high else "min" if low else "max"],
        )

    def sizes(low: int | None, high: int | None, unit_group: int) -> Use:
        def use(m: re.Match[str]) -> Claim:
            scale = 10 if m.group(unit_group).lower() == "cm" else 1
            return claim(
                "size_bound",
                m,
                [quantity(m.group(g), scale) for g in (low, high) if g],
                ["range" if low and high else "min" if low else "max"],
            )

        return use

    not_hu = r"(?! ?(?:HU|%|percent|mm²|kVp))"
    over = r"(?:over|above|at least|more than|larger than|older than|greater than|longer than|minimum|min\.?|from|≥|>)"
    under = r"(?:under|below|at most|less than|smaller than|younger than|shorter than|up to|maximum|max\.?|≤|<)"
    sentence.take(rf"(?:between |from )?{NUM}(?: ?mm| ?cm)? ?(?:to|and|-) ?{NUM}{unit}\b(?!²)", sizes(1, 2, 3))
    sentence.take(rf"{NUM}{unit} (?:or|and) {more}\b", sizes(1, None, 2))
    sentence.take(rf"{NUM}{unit} (?:or|and) {less}\b", sizes(None, 1, 2))
    sentence.take(rf"(?<!\w){over} {NUM}{unit}\b(?!²)", sizes(1, None, 2))
    sentence.take(rf"(?<!\w){under} {NUM}{unit}\b(?!²)", sizes(None, 1, 2))
    sentence.take(
        rf"\b(?:aged?|ages?|between|from)(?: between| from)? {NUM}{age} ?(?:to|and|-) ?{NUM}{age}\b{not_hu}",
        ages(1, 2),
    )
    sentence.take(rf"{NUM} ?(?:to|-) ?{NUM} years?(?: old| of age)?\b", ages(1, 2))
    sentence.take(rf"(?:\baged? )?{NUM}{age} (?:or|and) {more}\b", ages(1, None))
    sentence.take(rf"(?:\baged? )?{NUM}{age} (?:or|and) {less}\b", ages(None, 1))
    noun = r"(?! ?(?:hits?|cases?|lesions?|patients?|slices?|×))"
    sentence.take(rf"(?<!\w){over} (?:the age of )?(?<![\d.]){NUM}(?![\d.]){age}(?!\w){not_hu}{noun}", ages(1, None))
    sentence.take(rf"(?<!\w){under} (?:the age of )?(?<![\d.]){NUM}(?![\d.]){age}(?!\w){not_hu}{noun}", ages(None, 1))


def read_measures(sentence: MaskedSentence) -> None:
    """Read slices, pixels, geometry, sizes, areas, similarities and shares."""
    hedge = rf"(?P<hedge>{HEDGE} )?"

    def of(kind: Kind, label: str = "", groups: tuple[int, ...] = (2,)) -> Use:
        def use(m: re.Match[str]) -> Claim:
            scale = 10.0 if re.search(r"\dcm\b|\d cm\b", m.group(), re.IGNORECASE) else 1.0
            loose = bool(m.groupdict().get("hedge"))
            return claim(kind, m, [quantity(m.group(g), scale, loose) for g in groups], label=label)

        return use

    sentence.take(rf"\bslice {hedge}(\d+)(?: of (\d+)| ?/ ?(\d+))?", lambda m: claim(
        "slice", m, [quantity(g) for g in m.groups()[1:] if g]))  # fmt: skip
    sentence.take(r"(\d+) ?[×x] ?(\d+)(?= pixels?)", of("pixels", groups=(1, 2)))
    spacing = r"\bpixel (?:spacing|size)(?: of| is|:)? (\d+(?:\.\d+)?)"
    sentence.take(rf"{spacing} ?[×x] ?(\d+(?:\.\d+)?) ?(?:mm|cm)\b", of("geometry", "spacing", (1, 2)))
    sentence.take(rf"{spacing} ?(?:mm|cm)\b", of("geometry", "spacing", (1,)))
    sentence.take(r"\bslice thickness(?: of| is|:)? (\d+(?:\.\d+)?) ?(?:mm|cm)\b", of("geometry", "thickness", (1,)))
    sentence.take(
        r"(\d+(?:\.\d+)?) ?(?:mm|cm) (?:slice thickness|thick(?: slices)?)\b", of("geometry", "thickness", (1,))
    )
    sentence.take(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:mm|cm) apart\b", of("geometry", "gap", (1,)))
    sentence.take(r"\bgantry tilt(?: of| is|:)? (-?\d+(?:\.\d+)?) ?°", of("geometry", "tilt", (1,)))
    sentence.take(r"(?<![\d.])(\d+(?:\.\d+)?) ?kVp?\b", of("geometry", "kvp", (1,)))
    sentence.take(
        rf"{hedge}(?<![\d.]){NUM}(?: ?mm| ?cm)? ?(?:×|x|by) ?{NUM} ?(?:mm|cm)\b(?!²)",
        of("size_pair", groups=(2, 3)),
    )
    sentence.take(rf"\barea(?: of| is|:)? {hedge}{NUM} ?(?:mm²|mm2|square mm)", of("area"))
    sentence.take(rf"{hedge}(?<![\d.]){NUM} ?(?:mm²|mm2|square mm)", of("area"))
    sentence.take(
        rf"\b(?:long(?:est)? axis|diameter|length)(?: of| is|:| measures)? {hedge}{NUM} ?(?:mm|cm)\b",
        of("size", "long"),
    )
    sentence.take(rf"\bshort(?:est)? axis(?: of| is|:| measures)? {hedge}{NUM} ?(?:mm|cm)\b", of("size", "short"))
    sentence.take(rf"{hedge}(?<![\d.]){NUM} ?(?:mm|cm)\b(?!²)", of("size"))
    to = r"(?: (?:to|with|of|for|between) \x00+(?: (?:and|to) \x00+)?)?(?: of| is|:| score| only)*"
    sentence.take(rf"\bsimilarity{to} {NUM} ?%", of("similarity", "percent", (1,)))
    sentence.take(rf"{NUM} ?%(?= similar)", of("similarity", "percent", (1,)))
    sentence.take(rf"\bsimilarity{to} {NUM}", of("similarity", "", (1,)))
    sentence.take(rf"\bscored?(?: of| is|:)? {NUM}", of("score", "", (1,)))
    sentence.take(
        rf"\b(?P<side>under|over|less than|more than)? ?{hedge}(?<![\d.])(?P<n>\d+(?:\.\d+)?) ?(?:%|per ?cent\b)",
        lambda m: claim("percent", m, [quantity(m.group("n"), 1, bool(m.group("hedge")))],
                              label=SIDES.get(m.group("side") or "", "")),
    )  # fmt: skip
