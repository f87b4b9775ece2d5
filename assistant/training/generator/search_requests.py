"""One request at a time: what may be said in a state of a conversation, and the call it means."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.phrase_tables import pick
from assistant.understanding.call_language import ParsedCall

Fields = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """The state a message is said in, as far as the model is told of it."""

    regions: int = 0
    last: str = ""  # the last call
    hits: bool = False  # there was a search
    filters: Fields = field(default_factory=dict)  # of it
    study: bool = True

    @property
    def line(self) -> str:
        """As `embedded_language.state_line` writes it."""
        if not self.study:
            return "no study"
        parts = [" ".join(f"R{n + 1}" for n in range(self.regions)) or "no regions"]
        if self.last:
            parts.append(self.last)
        if self.hits:
            parts.append(" ".join(["hits", *(f"{k} {v}" if k not in ("sex", "scope") else v
                                             for k, v in self.filters.items())]))  # fmt: skip
        return "; ".join(parts)


Made = tuple[str, list[ParsedCall]]
Maker = Callable[[random.Random, Scene], Made]


def call(do: str, **fields: str) -> ParsedCall:
    """A call of the language, by the names it writes."""
    return ParsedCall.model_validate({"do": do, **{k.rstrip("_"): v for k, v in fields.items()}})


def drawn_scene(rng: random.Random) -> Scene:
    """A state as conversations have them: most often one region, half of the time nothing searched yet."""
    roll = rng.random()
    if roll < 0.05:
        return Scene(study=False)
    regions = rng.choices((0, 1, 2, 3, 4, 5), weights=(12, 55, 20, 7, 3, 3))[0]
    if rng.random() < 0.45:
        return Scene(regions, rng.choice(("", "", "", "measure", "study", "atlas", "explain", "regions", "report")))
    filters = drawn_filters(rng)
    last = rng.choices(("search", "hit", "compare", "measure", "explain", "report", "atlas"), (74, 8, 6, 5, 3, 2, 2))[0]
    return Scene(max(1, regions), last, True, filters)


def drawn_filters(rng: random.Random) -> Fields:
    """Filters a search may have had, often none, in the order of a state line."""
    filters: Fields = {}
    if rng.random() < 0.3:
        filters["in"] = "+".join(ph.some_types(rng))
    elif rng.random() < 0.1:
        filters["not"] = "+".join(ph.some_types(rng, 2))
    if rng.random() < 0.25:
        filters["sex"] = rng.choice("FM")
    if rng.random() < 0.3:
        low, high = rng.randint(18, 60), rng.randint(61, 95)
        filters["age"] = rng.choice((f"{low}-", f"-{high}", f"{low}-{high}"))
    if rng.random() < 0.25:
        low, high = rng.choice((5, 8, 10, 12, 15)), rng.choice((20, 25, 30, 40))
        filters["size"] = rng.choice((f"{low}-", f"-{high}", f"{low}-{high}"))
    if rng.random() < 0.2:
        filters["k"] = str(rng.randint(1, 20))
    if rng.random() < 0.1:
        filters["scope"] = rng.choice(("same", "all"))
    return filters


# -- the parts of a search ---------------------------------------------------------------------------------------------
NOUN = "(lesions|lesions|lesions|cases|ones|examples|findings|hits|nodules|masses|images|pictures|tumours|spots)"
LIKE = ("(like (this|this one|it|mine|that|that one|the marked one|what I marked)|that look like (this|it|mine|this one)"
        "|resembling (this|mine|it|this one)|similar to (this|mine|it|this one|that)|which resemble (it|this|mine)"
        "|that look alike|comparable to (this|mine)|looking like (this|it)|as this one|who look like this)")  # fmt: skip
SIMILAR = (
    "(similar|similar|similar|similar|comparable|look-alike|most similar|resembling|matching|closest|nearest|analogous)"
)
SHOW = ("(show me|show|find|find me|give me|list|search for|search|look for|get me|fetch|bring up|pull up|retrieve|display"
        "|I want|I need|I'd like|can you find|could you show me|can I see|are there|do you have|any|let me see|please find"
        "|look up|I would like to see|could you look for|have you got|is there|pull me|dig out|could I have|please show"
        "|query|please search|I want to see|would you find|let's see|what about|which are the)")  # fmt: skip
ALIKES = ("(lookalikes|look-alikes|similar ones|neighbours|nearest neighbours|matches|similar cases|similar lesions|similars"
          "|nearest neighbors|closest cases|closest matches|analogues|comparable cases|twins|doppelgangers|NN|sim les"
          "|similar findings|comparable lesions|resembling lesions|similar pictures|similar images|best matches)")  # fmt: skip
TAIL = (
    "(|||||| please|, please|?|.| for me| in the atlas| from the atlas| from the database| you have|!| for the slides)"
)


def _k(rng: random.Random) -> ph.Phrase:
    """ "five", "a dozen": stands before a noun."""
    if rng.random() < 0.2:
        said, n = rng.choice(ph.COUNT_WORDS)
        return said, str(n)
    n = rng.choice((3, 5, 10, 4, 20, rng.randint(1, 30), rng.randint(2, 12), rng.randint(2, 50)))
    return ph.number(n, rng, 0.45), str(n)


def _k_phrase(rng: random.Random) -> ph.Phrase:
    """ "top 5", "5 of them": stands at the end or alone."""
    if rng.random() < 0.14:
        return rng.choice(("just the closest one", "only the best match", "the single closest", "just one",
                           "only the nearest", "the single best match", "one is enough", "just the best one",
                           "only the most similar one", "top 1", "top-1")), "1"  # fmt: skip
    said, n = _k(rng)
    if int(n) == 1:
        said, n = "two", "2"
    plain = said.removesuffix(" of").removeprefix("a pair")
    if not plain:
        said, plain, n = "two", "two", "2"
    pattern = rng.choice((
        "top {n}", "the top {n}", "the {n} closest", "{n} of them", "only {n}", "just {n}", "{n} results", "{n} hits",
        "the {n} nearest", "best {n}", "max {n}", "k={n}", "{n} is enough", "no more than {n}", "limit {n}", "{n} will do",
        "first {n}", "at most {n} hits", "n={n}", "the {n} most similar", "{n} cases", "not more than {n} results",
        "k = {n}", "{n} matches", "{n} pieces", "x{n}", "up to {n} hits", "{n} are plenty", "no more than {n} cases",
        "{n} examples", "maximum {n} results",
    ))  # fmt: skip
    said = said if "{n} " in pattern and any(w in pattern for w in ("results", "hits", "cases", "matches")) else plain
    return pattern.replace("{n}", said.removesuffix(" of") if "of them" in pattern else said), n


def _who(rng: random.Random, fields: Fields) -> list[str]:
    """Sex and age as one phrase of people, or as two."""
    sex, age = fields.pop("?sex", ""), fields.pop("?age", "")
    parts = []
    if age == "group":
        said, code = rng.choice(ph.GROUPS)
        fields["age"] = code
        if sex and rng.random() < 0.5 and said not in ("the elderly", "the middle-aged"):
            fields["sex"] = sex
            return [rng.choice(("in {}", "from {}", "among {}", "{}")).format(
                f"{'female' if sex == 'F' else 'male'} {said.removeprefix('the ')}")]  # fmt: skip
        parts.append(rng.choice(("in {}", "from {}", "{} only", "only {}", "among {}", "of {}")).format(said))
    elif age:
        said, fields["age"] = ph.age_bound(rng)
        who = ph.people(sex, rng) if sex and rng.random() < 0.75 else ""
        if who:
            fields["sex"] = sex
            sex = ""
        else:
            who = rng.choice((*ph.ANYBODY, "patients", "patients", "people"))
        bare = not fields.get("sex") and rng.random() < 0.3 and said[0] not in "0123456789"
        if (said.startswith(("age", "aged")) and bare) or (
            bare and said.startswith(("in ", "between", "over", "under", "older", "younger"))
        ):
            parts.append(said)
        else:
            parts.append(rng.choice(("in {}", "from {}", "in {}", "among {}", "of {}", "{} only", "by {}")).format(
                f"{who.removesuffix(' aged')} {said}"))  # fmt: skip
    if sex:
        fields["sex"] = sex
        no_other = rng.random() < 0.12
        who = ph.people("M" if (sex == "F") == no_other else "F", rng)
        patterns = ("no {}", "but no {}", "not {}", "excluding {}", "without {}", "but not in {}") if no_other else (
            "in {}", "in {} only", "from {}", "{} only", "only {}", "only in {}", "of {}", "among {}", "by {}",
            "in {}", "{}", "in {} exclusively")  # fmt: skip
        if not no_other and rng.random() < 0.08:
            parts.append(rng.choice((f"sex={sex}", sex, sex, f"sex {sex.lower()}")))
        else:
            parts.append(rng.choice(patterns).format(who))
    return parts


def _filters(rng: random.Random, most: int, types: bool = True) -> tuple[list[str], str, Fields]:
    """Some filters: the phrases that follow the noun, the adjective before it, and what they mean."""
    fields: Fields = {}
    names = ["type"] * 4 + ["not", "sex", "sex", "age", "age", "size", "size", "k", "scope"]
    wanted: set[str] = set()
    count = rng.choices(range(most + 1), weights=(14, 40, 28, 14, 6, 3)[: most + 1])[0]
    while len(wanted) < count:
        name = rng.choice(names)
        if not (name in ("type", "not") and (not types or {"type", "not"} & wanted)):
            wanted.add(name)
    parts: list[str] = []
    adjective = ""
    if "type" in wanted:
        chosen = ph.some_types(rng)
        fields["in"] = "+".join(chosen)
        if rng.random() < 0.55:
            adjective = ph.joined([rng.choice(ph.TYPES[t][0]) for t in chosen], rng)
        else:
            places = [rng.choice(ph.TYPES[t][1]) for t in chosen]
            place = ph.joined(places, rng)
            parts.append(rng.choice(("in {}", "in {}", "of {}", "from {}", "only in {}", "but only of {}", "{} only",
                                     "only {}", "located in {}", "restricted to {}", "within {}")).format(place))  # fmt: skip
    if "not" in wanted:
        parts.append(_without(rng, fields))
    if "sex" in wanted:
        fields["?sex"] = rng.choice("FM")
    if "age" in wanted:
        fields["?age"] = "group" if rng.random() < 0.22 else "bound"
    parts += _who(rng, fields)
    if "size" in wanted:
        said, fields["size"] = ph.size_bound(rng)
        parts.append(said)
    if "scope" in wanted:
        scope = rng.choice(tuple(ph.SCOPES))
        fields["scope"] = scope
        parts.append(rng.choice(ph.SCOPES[scope]))
    if "k" in wanted:
        said, fields["k"] = _k_phrase(rng)
        parts.append(said)
    rng.shuffle(parts)
    return parts, adjective, fields


def _without(rng: random.Random, fields: Fields) -> str:
    chosen = ph.some_types(rng)
    fields["not"] = "+".join(chosen)
    names = ph.names_of(chosen, rng)
    if len(chosen) == 1 and rng.random() < 0.12:
        adjective = rng.choice(
            ("hepatic", "liver", "renal", "pulmonary", "osseous", "pelvic", "mediastinal", "abdominal")
        )
        fields["not"] = {"hepatic": "liver", "liver": "liver", "renal": "kidney", "pulmonary": "lung", "osseous": "bone",
                         "pelvic": "pelvis", "mediastinal": "mediastinum", "abdominal": "abdomen"}[adjective]  # fmt: skip
        return f"non-{adjective}"
    if len(chosen) > 1 and rng.random() < 0.2:
        return rng.choice(("neither {} nor {}", "that are neither {} nor {}", "not {} and not {}", "no {} no {}")).format(
            names[0], names[1]) if len(names) == 2 else f"not {ph.joined(names, rng, 'or')}"  # fmt: skip
    return rng.choice((
        "but not {}", "not {}", "no {}", "except {}", "excluding {}", "without {}", "anything but {}", "other than {}",
        "but not from {}", "except for {}", "excl. {}", "w/o {}", "nothing from {}", "outside {}", "leave out {}",
        "apart from {}", "minus {}", "but no {}", "without the ones of {}", "not in {}", "everything except {}",
        "{} excluded", "leaving {} out", "nothing in {}", "everything but {}", "{} need not be shown", "type != {}",
        "that do not come from {}",
    )).replace("{}", ph.joined(names, rng, rng.choice(("and", "or"))))  # fmt: skip


def region_of(rng: random.Random, scene: Scene) -> tuple[str, Fields]:
    """A region that is spoken of, or this one."""
    roll = rng.random()
    if roll < 0.45 or scene.regions == 0:
        return rng.choice(("this", "this lesion", "it", "this one", "the lesion", "this spot", "the marked region", "mine",
                           "my lesion", "this thing", "that", "the region I marked", "this region")), {}  # fmt: skip
    n = rng.randint(1, max(2, scene.regions))
    if roll < 0.70:
        return rng.choice((f"R{n}", f"R{n}", f"r{n}", f"region {n}", f"R {n}", f"region {ph.words(n)}", f"ROI {n}",
                           f"region no. {n}", f"the one labelled R{n}", f"the R{n}")), {"region": f"R{n}"}  # fmt: skip
    if roll < 0.80:
        return f"the {ph.ordinal(n, rng)} {rng.choice(('region', 'region', 'box', 'mark', 'ROI'))}", {"region": str(n)}
    if roll < 0.86:
        return rng.choice(("the bigger one", "the larger one", "the largest region", "the bigger region", "the biggest one",
                           "the larger of the two", "the big one", "the large one", "the more big")), \
            {"region": "largest"}  # fmt: skip
    if roll < 0.92:
        return rng.choice(("the smaller one", "the smallest region", "the smaller region", "the small one",
                           "the little one", "the smaller of the two", "the smallest")), {"region": "smallest"}  # fmt: skip
    if roll < 0.95:
        return rng.choice(("the other one", "the other region", "the other", "the other lesion")), {"region": "other"}
    if roll < 0.97:
        return rng.choice(("the last region", "the last one I marked", "the latest region", "the newest region")), \
            {"region": "last"}  # fmt: skip
    return rng.choice(("both", "both regions", "all regions", "each region", "all of them", "every region", "both of them",
                       "all the regions", "all three", "each of them")), {"region": "all"}  # fmt: skip


def hit_of(rng: random.Random, ids: bool = True) -> tuple[str, Fields]:
    """A hit that is spoken of."""
    roll = rng.random()
    n = rng.choices(range(1, 13), weights=(10, 12, 12, 8, 6, 3, 3, 2, 2, 2, 1, 1))[0]
    if roll < 0.30:
        return rng.choice((f"#{n}", f"hit {n}", f"number {n}", f"the {ph.ordinal(n, rng)} hit", f"case {n}", f"no. {n}",
                           f"the {ph.ordinal(n, rng)} match", f"the {ph.ordinal(n, rng)} case", f"hit number {n}",
                           f"result {n}", f"the {ph.ordinal(n, rng)} result", f"number {ph.words(n)}", f"match {n}",
                           f"the {ph.ordinal(n, rng)} example", f"hit no. {n}", f"the {ph.ordinal(n, rng)} picture",
                           f"hit #{n}", f"the number {n}", f"the {ph.ordinal(n, rng)} in the list", f"rank {n}",
                           f"the {ph.ordinal(n, rng)} neighbour")), {"hit": str(n)}  # fmt: skip
    if roll < 0.60:
        return rng.choice(("the closest", "the closest hit", "the best match", "the nearest one", "the most similar one",
                           "the closest one", "the top hit", "the best hit", "the nearest neighbour", "the closest match",
                           "its nearest neighbour", "the most similar case", "the very first", "the best one",
                           "the top match", "the one at the top", "the foremost", "the closest case")), {"hit": "1"}  # fmt: skip
    if roll < 0.66:
        return rng.choice(("the runner-up", "the second best", "the second closest", "the second-best match",
                           "the next best")), {"hit": "2"}  # fmt: skip
    if roll < 0.74:
        return rng.choice(("the last hit", "the last one in the list", "the last match", "the last case",
                           "the least similar one", "the last in the row", "the last result")), {"hit": "last"}  # fmt: skip
    if roll < 0.82:
        word, code = rng.choice((("oldest", "oldest"), ("youngest", "youngest"), ("biggest", "largest"),
                                 ("largest", "largest"), ("smallest", "smallest")))  # fmt: skip
        who = (
            "patient" if code in ("oldest", "youngest") and rng.random() < 0.5 else rng.choice(("hit", "case", "match"))
        )
        return f"the {word} {who}", {"hit": code}
    if ids and roll < 0.97:
        return rng.choice(("L1", "L1", "lesion L1", "case L1", "atlas case L1", "atlas lesion L1")), {"hit": "L1"}
    a, b = sorted(rng.sample(range(1, 6), 2))
    return rng.choice((f"#{a} and #{b}", f"hits {a} and {b}", f"the {ph.ordinal(a, rng)} and {ph.ordinal(b, rng)} hit")), \
        {"hit": f"{a}+{b}"}  # fmt: skip


# -- searching ---------------------------------------------------------------------------------------------------------
def search(rng: random.Random, scene: Scene) -> Made:
    """A new search, in a sentence."""
    parts, adjective, fields = _filters(rng, 4)
    _, where = region_of(rng, scene) if rng.random() < 0.3 else ("", {})
    said_region = ""
    if where:
        said_region, where = region_of(rng, scene)
    rest = " ".join(f"{p}{',' if rng.random() < 0.12 else ''}" for p in parts[:2])
    rest = ", ".join([rest, *parts[2:]]).strip(", ")
    if rng.random() < 0.08 and len(parts) > 1:
        rest = ", ".join(parts)
    count, k = ("", "")
    if "k" not in fields and rng.random() < 0.18:
        count, k = _k(rng)
        fields["k"] = k
    if k == "1":
        count = rng.choice(("the single", "the one"))
    the = rng.choice(("the ", "")) if count and count[0] not in "a" else ""
    adj = f"{adjective} " if adjective else ""
    roll = rng.random()
    if (said_region and where.get("region") != "all") or (said_region and rng.random() < 0.5):
        pattern = rng.choice((
            f"{SHOW} {the}{count} {SIMILAR} {adj}{NOUN} (for|to) {{r}} {rest}",
            f"{SHOW} {the}{count} {adj}{NOUN} (like|resembling|similar to) {{r}} {rest}",
            f"{{r}}: {the}{count} similar {adj}{NOUN} {rest}",
            f"for {{r}}, {SHOW} {the}{count} similar {adj}{NOUN} {rest}",
            f"{the}{count} {adj}{ALIKES} (for|of) {{r}} {rest}",
            f"{{r}} similar {adj} {rest}" if not count else f"{{r}} {the}{count} closest {adj} {rest}",
            f"search (for )?{{r}} {adj}{rest}".replace("(for )?", "(for |)"),
        ))  # fmt: skip
        if said_region in ("this", "it", "that") and pattern.startswith(("{r}", "for {r}")):
            said_region = "this lesion"
        return pick(pattern + TAIL, rng, r=said_region), [call("search", **fields, **where)]
    if roll < 0.34:
        pattern = f"{SHOW} (the |some |me |all |other |any ||||){the}{count} {SIMILAR} {adj}{NOUN} {rest}{TAIL}"
    elif roll < 0.52:
        pattern = f"{SHOW} (some |other |the |||){the}{count} {adj}{NOUN} {LIKE} {rest}{TAIL}"
    elif roll < 0.66:
        pattern = f"(|{SHOW} )(the |){the}{count} {adj}{ALIKES} (|of this|of mine|for this||||) {rest}{TAIL}"
    elif roll < 0.78:
        pattern = f"(similar|sim|similar cases|lookalikes|similar lesions|neighbours|NN|matches|alike) {count} {adj}" \
                  f"{', '.join(parts)}"  # fmt: skip
    elif roll < 0.86 and (parts or adj):
        # what is asked for comes first: "women over 60 with something similar"
        pattern = f"(which|are there|any|do you know|have you seen|what about) {rest or adj + NOUN} " \
                  f"(with something similar|that had something like this|with a lesion like this|that look like this)" \
                  f"{' ' + adj + 'ones' if adj and rest else ''}" if parts and parts[0].startswith(("in ", "from ", "among ")) \
            else f"{SHOW} {the}{count} {adj}{NOUN} that (look like|resemble) (this|mine|it), {rest}"  # fmt: skip
    elif roll < 0.93 and len(parts) >= 1:
        order = [*parts, *([adj + "ones"] if adj else []), *([f"{count} hits"] if count and k != "1" else [])]
        if k == "1":
            fields.pop("k")
        rng.shuffle(order)
        return pick(rng.choice((", ".join(order) + f", {SIMILAR} {NOUN}", f"{SIMILAR} {NOUN}: " + ", ".join(order),
                                ", ".join(order) + ", (looking like this|similar to this|like this one)")), rng), \
            [call("search", **fields)]  # fmt: skip
    else:
        chat = ("(okay so|hi,|so|hey|hello,|well,|right,|alright,|um,|I was wondering:|quick one:|my boss asks:"
                "|for my lecture:|for teaching:|sorry to bother you, but|just curious,|for the tumour board:)")  # fmt: skip
        pattern = f"{chat} (could you maybe|can you|would you|please|I'd love to|I need to) " \
                  f"(find|see|show me|look for|pull up) {the}{count} {adj}{NOUN} {LIKE} {rest}{TAIL}"  # fmt: skip
    return pick(pattern, rng), [call("search", **fields)]


def corrected(rng: random.Random, scene: Scene) -> Made:
    """A search that is put right while it is said: the last word counts."""
    kind = rng.choice(("sex", "k", "age", "size", "type", "scope"))
    no = "(no wait,|no,|I mean|sorry,|or rather|hmm, no,|um,|nah,|actually|correction:|, no sorry,|oops,)"
    start = rng.choice((f"{SHOW} {SIMILAR} {NOUN}", f"{ALIKES}", f"{SHOW} {NOUN} {LIKE}", "similar", "similar ones"))
    if kind == "sex":
        a, b = rng.sample("FM", 2)
        return pick(f"{start} in {ph.people(a, rng)}, {no} {ph.people(b, rng)}", rng), [call("search", sex=b)]
    if kind == "k":
        (a, _), (b, n) = _k(rng), _k(rng)
        if n == "1":
            b, n = "two", "2"
        return pick(f"{SHOW} {a.removesuffix(' of')}, {no} {b} {SIMILAR} {NOUN}", rng), [call("search", k=n)]
    if kind == "type":
        a, b = rng.sample(ph.TYPE_NAMES, 2)
        return pick(f"{SHOW} similar {rng.choice(ph.TYPES[a][0])}, {no} {rng.choice(ph.TYPES[b][0])} {NOUN}", rng), \
            [call("search", in_=b)]  # fmt: skip
    if kind == "scope":
        a, b = rng.sample(tuple(ph.SCOPES), 2)
        return pick(f"{start} {rng.choice(ph.SCOPES[a])}, {no} {rng.choice(ph.SCOPES[b])}", rng), [
            call("search", scope=b)
        ]
    make = ph.age_bound if kind == "age" else ph.size_bound
    (a, _), (b, code) = make(rng), make(rng)
    return pick(f"{start} {a}, {no} {b}", rng), [call("search", **{kind: code})]


def about_patient(rng: random.Random, scene: Scene) -> Made:
    """What is said of the patient on the screen is no filter; what is said of those looked for is."""
    n = rng.randint(18, 93)
    lead = rng.choice((f"my patient is {n},", f"this guy is {n},", f"she's {n},", f"he is {n} years old,", f"{n} year old man here.",
                       f"the patient is a {n}-year-old woman.", "my patient is quite young,", "she is elderly,", f"pt {n} yo F.",
                       "the patient is a man,", "my patient is a woman,", f"she is in her {ph.DECADES[n // 10 * 10] if n > 19 else 'teens'},",
                       f"so this lady is {n},", "it is a small lesion,", "this one is about 2 cm,", f"{n} y/o male."))  # fmt: skip
    text, said = rng.choice((search, search, similar, identify))(rng, scene)
    return f"{lead} {rng.choice(('', '', 'so ', 'can you ', 'please '))}{text}", said


def this_kind(rng: random.Random, scene: Scene) -> Made:
    """A type named of the lesion itself is no filter."""
    t = rng.choice(ph.TYPE_NAMES)
    adj = rng.choice(ph.TYPES[t][0])
    noun = "(lesion|nodule|mass|finding|tumour|spot|cyst)"
    return pick(rng.choice((
        f"{SHOW} (cases|lesions|other lesions|examples) (similar to|like|resembling) (this|my|the) {adj} {noun}",
        f"what (looks like|resembles|is similar to) (this|my) {adj} {noun}(?|)",
        f"(this|my) {adj} {noun}: {ALIKES}(?|)",
        f"{ALIKES} (of|for) (this|my) {adj} {noun}",
    )), rng), [call("search")]  # fmt: skip


def similar(rng: random.Random, scene: Scene) -> Made:
    """A plain search."""
    return pick(rng.choice((
        f"{SHOW} {SIMILAR} {NOUN}{TAIL}", f"{SHOW} {NOUN} {LIKE}{TAIL}", f"{ALIKES}{TAIL}", f"{SIMILAR} {NOUN}{TAIL}",
        "(where|when) have we seen (this|something like this|one like this) before(?|)",
        "(have you|did we ever|has anyone) (seen|had) (something|anything|one) like this( before|)(?|)",
        "(which|what) (lesions|cases) (look like|resemble|are similar to|are closest to) (this|mine|it|this one)(?|)",
        "who else has one of these(?|)", "what else looks like (this|it|that)(?|)", "(show|find) me its (twins|neighbours|doppelgangers)",
        "(search|search the atlas|run the search|do a search|look it up|find matches|go and search|search now)(.|)",
        "do you have pictures of others with the same (sort of thing|kind of lesion)(?|)",
        "what does it match in the (atlas|database|collection)(?|)", "(sim|similar|nn|knn|neighbours|matches)(?|.|)",
        "(compare|match) (it|this) (with|against|to) (the atlas|everything you have|the whole atlas)",
        "(any|are there) (others|other ones|more) like (this|it)(?|)", "gives it (such ones|similar ones|comparable findings)?",
        "(I search|I look for|please to find) (lesions|cases) (who are|which are|that is) similar (with|as|like) this",
        "(Enough of that|Fine|OK then|Then|Now|Okay), (just |only |)(show me|find|give me) (lookalikes|similar ones|similar lesions)",
    )), rng), [call("search")]  # fmt: skip


def identify(rng: random.Random, scene: Scene) -> Made:
    """What is it? A type asked about is no filter."""
    region, where = region_of(rng, scene)
    if where.get("region") == "all":
        region, where = "this", {}
    if rng.random() < 0.3:
        a, b = rng.sample(ph.TYPE_NAMES, 2)
        one, two = rng.choice(ph.TYPES[a][0]), rng.choice(ph.TYPES[b][0])
        things = rng.choice(ph.TYPES[a][2])
        single = things.removesuffix("s")
        return pick(rng.choice((
            f"is {{r}} (a|more of a) {one} or a {two} (lesion|thing)?", f"could {{r}} be (a {one} lesion|a {single})?",
            f"{one} or {two}?", f"is it a {single}?", f"does {{r}} look like a {one} or a {two} lesion?",
            f"is it more (likely |){one} or {two}?", f"(isn't|is) {{r}} {one}?", f"might this be {rng.choice(ph.TYPES[a][1])}?",
            f"would my spot count as one of the {things}?", f"it isn't {one}, is it?",
            f"is it a {one} thing or more of a {two} thing?", f"(liver thing|{one} thing) or (bone thing|{two} thing)?",
            f"tell me whether it's (a {one}|{one}) or (a {two}|{two}) (thing|lesion)",
        )), rng, r="this"), [call("identify")]  # fmt: skip
    pattern = rng.choice((
        "what is {r}(?|)", "what's {r}?", "what does {r} (look like|resemble|most resemble|match)(?|)", "identify {r}( please|)",
        "what (could|might|can) {r} be?", "(any idea|do you know|can you tell me) what {r} (is|could be|might be)(?|)",
        "what do you (think of|make of|say to|see in) {r}?", "what kind of (lesion|thing|tissue) is {r}?", "classify {r}",
        "(tell me|say me) what {r} is", "{r}: what is it?", "and {r}?" if where else "what's this?",
        "which (organ|type|category) (is|would you put) {r} (in|)?", "what am I looking at (here|)?", "give me your opinion on {r}",
        "characterise {r}", "interpret {r}", "differential for {r}?", "what shows {r}?", "for what do you hold {r}?",
        "what sort of thing is {r}?", "I have no clue what {r} is, (can you help|help)?", "how would you classify {r}?",
        "(which|what) lesion type does {r} (match|resemble)?", "and what do you make of {r}?", "impression of {r}?",
        "what (is|would) {r} (most similar to|look like to you)?", "what it is, {r}?", "analyse {r}", "take a look at {r}",
        "what's {r} likely to be?", "to what is {r} similar?", "this white dot belongs to what kind?", "wats {r}",
        "what have we (got |)here?", "read {r} for me", "what does {r} look like and how sure are you?", "{r}?",
        "what does the program think of {r}?", "origin of {r}?", "tell me what {r} looks most like",
        "help me see {r} is similar with which kind",
    ))  # fmt: skip
    if pattern in ("{r}?", "and {r}?") and not where:
        pattern = "what is {r}"
    if "{r}" not in pattern:
        where = {}
    if pattern == "and {r}?" and scene.hits:
        return pick(pattern, rng, r=region), [call("refine", **where)]
    return pick(pattern, rng, r=region), [call("identify", **where)]
