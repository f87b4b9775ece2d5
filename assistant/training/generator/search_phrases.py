"""The parts of a search, in words and as the fields they mean: filters, counts, regions and hits that are spoken of."""

import random

from assistant.training.generator import number_phrases as nums
from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.scenes import Fields, Scene

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


def drawn_count(rng: random.Random) -> nums.Phrase:
    """ "five", "a dozen": stands before a noun."""
    if rng.random() < 0.2:
        said, n = rng.choice(nums.COUNT_WORDS)
        return said, str(n)
    n = rng.choice((3, 5, 10, 4, 20, rng.randint(1, 30), rng.randint(2, 12), rng.randint(2, 50)))
    return nums.number(n, rng, 0.45), str(n)


def count_phrase(rng: random.Random) -> nums.Phrase:
    """ "top 5", "5 of them": stands at the end or alone."""
    if rng.random() < 0.14:
        return rng.choice(("just the closest one", "only the best match", "the single closest", "just one",
                           "only the nearest", "the single best match", "one is enough", "just the best one",
                           "only the most similar one", "top 1", "top-1")), "1"  # fmt: skip
    said, n = drawn_count(rng)
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
        said, code = rng.choice(nums.GROUPS)
        fields["age"] = code
        if sex and rng.random() < 0.5 and said not in ("the elderly", "the middle-aged"):
            fields["sex"] = sex
            return [rng.choice(("in {}", "from {}", "among {}", "{}")).format(
                f"{'female' if sex == 'F' else 'male'} {said.removeprefix('the ')}")]  # fmt: skip
        parts.append(rng.choice(("in {}", "from {}", "{} only", "only {}", "among {}", "of {}")).format(said))
    elif age:
        said, fields["age"] = nums.age_bound(rng)
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


def filter_phrases(rng: random.Random, most: int, types: bool = True) -> tuple[list[str], str, Fields]:
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
        said, fields["size"] = nums.size_bound(rng)
        parts.append(said)
    if "scope" in wanted:
        scope = rng.choice(tuple(ph.SCOPES))
        fields["scope"] = scope
        parts.append(rng.choice(ph.SCOPES[scope]))
    if "k" in wanted:
        said, fields["k"] = count_phrase(rng)
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
        return rng.choice((f"R{n}", f"R{n}", f"r{n}", f"region {n}", f"R {n}", f"region {nums.words(n)}", f"ROI {n}",
                           f"region no. {n}", f"the one labelled R{n}", f"the R{n}")), {"region": f"R{n}"}  # fmt: skip
    if roll < 0.80:
        return f"the {nums.ordinal(n, rng)} {rng.choice(('region', 'region', 'box', 'mark', 'ROI'))}", {
            "region": str(n)
        }
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
        return rng.choice((f"#{n}", f"hit {n}", f"number {n}", f"the {nums.ordinal(n, rng)} hit", f"case {n}", f"no. {n}",
                           f"the {nums.ordinal(n, rng)} match", f"the {nums.ordinal(n, rng)} case", f"hit number {n}",
                           f"result {n}", f"the {nums.ordinal(n, rng)} result", f"number {nums.words(n)}", f"match {n}",
                           f"the {nums.ordinal(n, rng)} example", f"hit no. {n}", f"the {nums.ordinal(n, rng)} picture",
                           f"hit #{n}", f"the number {n}", f"the {nums.ordinal(n, rng)} in the list", f"rank {n}",
                           f"the {nums.ordinal(n, rng)} neighbour")), {"hit": str(n)}  # fmt: skip
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
    return rng.choice((f"#{a} and #{b}", f"hits {a} and {b}", f"the {nums.ordinal(a, rng)} and {nums.ordinal(b, rng)} hit")), \
        {"hit": f"{a}+{b}"}  # fmt: skip
