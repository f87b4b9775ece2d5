"""Searches and questions what something is: what is said, and the calls it means."""

import random

from assistant.training.generator import number_phrases as nums
from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.phrase_tables import pick
from assistant.training.generator.scenes import Made, Scene, call
from assistant.training.generator.search_phrases import (
    ALIKES,
    LIKE,
    NOUN,
    SHOW,
    SIMILAR,
    TAIL,
    drawn_count,
    filter_phrases,
    region_of,
)
from assistant.understanding.call_language import UNKNOWN_TYPE
from assistant.understanding.type_mentions import find_types


def search(rng: random.Random, scene: Scene) -> Made:
    """A new search, in a sentence."""
    parts, adjective, fields = filter_phrases(rng, 4)
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
        count, k = drawn_count(rng)
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
        (a, _), (b, n) = drawn_count(rng), drawn_count(rng)
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
    make = nums.age_bound if kind == "age" else nums.size_bound
    (a, _), (b, code) = make(rng), make(rng)
    return pick(f"{start} {a}, {no} {b}", rng), [call("search", **{kind: code})]


def about_patient(rng: random.Random, scene: Scene) -> Made:
    """What is said of the patient on the screen is no filter; what is said of those looked for is."""
    n = rng.randint(18, 93)
    lead = rng.choice((f"my patient is {n},", f"this guy is {n},", f"she's {n},", f"he is {n} years old,", f"{n} year old man here.",
                       f"the patient is a {n}-year-old woman.", "my patient is quite young,", "she is elderly,", f"pt {n} yo F.",
                       "the patient is a man,", "my patient is a woman,", f"she is in her {nums.DECADES[n // 10 * 10] if n > 19 else 'teens'},",
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
    """What is it? Types asked about are those to choose from."""
    region, where = region_of(rng, scene)
    if where.get("region") == "all":
        region, where = "this", {}
    if rng.random() < 0.3:
        a, b = rng.sample(ph.TYPE_NAMES, 2)
        one, two = rng.choice(ph.TYPES[a][0]), rng.choice(ph.TYPES[b][0])
        things = rng.choice(ph.TYPES[a][2])
        single = things.removesuffix("s")
        text = pick(rng.choice((
            f"is {{r}} (a|more of a) {one} or a {two} (lesion|thing)?", f"could {{r}} be (a {one} lesion|a {single})?",
            f"{one} or {two}?", f"is it a {single}?", f"does {{r}} look like a {one} or a {two} lesion?",
            f"is it more (likely |){one} or {two}?", f"(isn't|is) {{r}} {one}?", f"might this be {rng.choice(ph.TYPES[a][1])}?",
            f"would my spot count as one of the {things}?", f"it isn't {one}, is it?",
            f"is it a {one} thing or more of a {two} thing?", f"(liver thing|{one} thing) or (bone thing|{two} thing)?",
            f"tell me whether it's (a {one}|{one}) or (a {two}|{two}) (thing|lesion)",
        )), rng, r="this")  # fmt: skip
        asked = dict.fromkeys(m.name for m in find_types(text.lower(), ph.TYPE_NAMES) if m.name != UNKNOWN_TYPE)
        return text, [call("identify", in_="+".join(asked))]
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
