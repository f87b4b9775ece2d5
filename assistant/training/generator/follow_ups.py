"""Fragments and changes: what is said after a search, and means the search before, changed."""

import random

from assistant.training.generator import number_phrases as nums
from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.phrase_tables import pick
from assistant.training.generator.scenes import Fields, Made, Scene, call
from assistant.training.generator.search_phrases import count_phrase, drawn_count, hit_of, region_of

ONLY = ("(only|just|only|now only|only the|ok, only|and only|but only|just the|now just|restrict to|limit to|limit it to"
        "|narrow it down to|keep|keep only|show me only|show only|filter by|please only|I want only|let's see only"
        "|can you show only|and if we only look at|what about only|restrict it to|confine it to|give me only|then only|jus"
        "|okay now|I would be interested only in|interested only in|let me see just the|only want|and now only|stick to)")  # fmt: skip
NOW = ("(|||and |now |ok |okay, |but |and now |what about |how about |then |so |hmm, |make it |make that |cool, |nice, "
       "|better |actually |and if they're |what if they are |and what if it's )")  # fmt: skip
END = "(|||||?|.| please| then| instead| pls|, please|!| now)"
NO = ("(drop|remove|forget|forget about|never mind|take off|lift|clear|delete|ignore|no|without|leave out|cancel|undo|scrap"
      "|get rid of|take away|reset|strike|quit|disregard|skip)")  # fmt: skip
CORRECTION = ("(no,|no wait,|sorry,|sorry, I meant|I meant|I mean|oops,|actually|correction:|no, I meant|wait,|rather|ah no,"
              "|my mistake,|oh, I mean|ay no,|whoops,|scratch that,|i ment|wrong, it is|pardon,|no no,|hm, no,)")  # fmt: skip
DROPPED: dict[str, tuple[str, ...]] = {
    "age": ("age", "the age", "the age limit", "the age filter", "the age thing", "the condition on age", "the ages",
            "age restriction", "the age restriction", "age condition", "the years"),
    "sex": ("sex", "the sex filter", "the sex", "gender", "the gender", "the sex restriction", "the condition on their sex",
            "the gender filter"),
    "size": ("size", "the size", "the size limit", "the size filter", "the sizes", "the size restriction", "size condition",
             "the size limits", "the diameter limit"),
    "type": ("the type", "the type filter", "the organ", "the organ filter", "lesion type", "the lesion type",
             "the type restriction", "the organ condition"),
    "scope": ("the patient filter", "the scope", "the patient restriction"),
}  # fmt: skip
FREED: dict[str, tuple[str, ...]] = {
    "age": ("any age", "all ages", "age doesn't matter", "age: any", "of any age", "I don't care about the age", "age no limit",
            "regardless of age", "leave age out of it", "age does not matter", "irrespective of age", "age=any",
            "whatever the age", "ages unrestricted", "without the age filter", "age is irrelevant", "no age limit"),
    "sex": ("both sexes", "either sex", "any sex", "men and women", "both genders", "men too", "women too", "sex=any",
            "males and females", "sex doesn't matter", "also the men", "regardless of sex", "male female both can",
            "all sexes", "reinstate the women", "add the men back", "sex is not important", "both men and women"),
    "size": ("any size", "all sizes", "size doesn't matter", "of any size", "regardless of size", "size no limit",
             "sizes unrestricted", "size: any", "I don't care about the size", "whatever the size", "no size limit"),
    "type": ("any type", "all types", "any organ", "any type is fine", "all organs", "regardless of organ",
             "from anywhere in the body", "don't restrict the type", "type doesn't matter", "every type", "type: any",
             "any lesion type", "wherever it comes from"),
    "all": ("no filters", "remove all filters", "without filters", "clear all filters", "reset", "start over",
            "all filters off", "reset filters", "drop all the filters", "without any restriction", "start again",
            "clear everything", "from scratch", "no restrictions at all", "unfiltered", "clear every restriction",
            "reset all filters and start again", "now without filter", "forget all the filters", "filters off",
            "start over: similar lesions, no filters", "back to no filters", "drop every condition"),
}  # fmt: skip


def only_type(rng: random.Random, scene: Scene) -> Made:
    chosen = ph.some_types(rng)
    fields = {"in": "+".join(chosen)}
    roll = rng.random()
    if roll < 0.25:
        a = rng.choice([t for t in ph.TYPE_NAMES if t not in chosen])
        one = ph.names_of(chosen[:1], rng)[0]
        return pick(rng.choice((
            f"{CORRECTION} (not {rng.choice(ph.NAMES[a])}(,|) but|) {one}", f"{CORRECTION} {one}{END}",
            f"not {rng.choice(ph.NAMES[a])}, {one}{END}", f"{one} instead of {rng.choice(ph.NAMES[a])}",
            f"{rng.choice(ph.NAMES[a])}, (um|no wait|I mean|sorry), {one} (ones |)(I mean|)",
            f"change {rng.choice(ph.NAMES[a])} to {one}", f"{one} (instead|rather)",
        )), rng), [call("refine", in_=chosen[0])]  # fmt: skip
    if roll < 0.6:
        adj = ph.joined([rng.choice(ph.TYPES[t][0]) for t in chosen], rng)
        pattern = rng.choice((f"{ONLY} {adj} (ones|lesions|cases|){END}", f"{adj} (ones |lesions |)only{END}",
                              f"{NOW}{adj} (ones|lesions|only){END}", f"{ONLY} {adj}{END}"))  # fmt: skip
    else:
        names = ph.joined(ph.names_of(chosen, rng), rng)
        place = ph.joined([rng.choice(ph.TYPES[t][1]) for t in chosen], rng)
        pattern = rng.choice((
            f"{ONLY} {names}{END}", f"{names} only{END}", f"{NOW}only {names}{END}", f"{ONLY} (those |ones |lesions |)(in|from|of) {place}{END}",
            f"but (in|of) {place}(, nothing else|){END}", f"{NOW}(in|from) {place}{END}", f"nothing but {names}{END}",
            f"(search|look) only in {place}{END}", f"restrict the search to {names}{END}", f"type={names}", f"{names}{END}",
        ))  # fmt: skip
    return pick(pattern, rng), [call("refine", **fields)]


def add_type(rng: random.Random, scene: Scene) -> Made:
    chosen = ph.some_types(rng, 2)
    names = ph.joined(ph.names_of(chosen, rng), rng, "and")
    return pick(rng.choice((
        f"(also|and also|and|plus|add|include|and add|how about also|also include) {names}( too| as well| also| again|){END}",
        f"(put|take|bring|let) {names} (back in|in again|in too|in as well|back){END}", f"{names} (too|as well){END}",
        f"(now |)(allow|include|add) {names} again{END}", f"{names} (may|can|could) be included (too|again)",
        f"and {names} (too|as well|also){END}", f"with {names} (as well|added)", f"widen it to {names} (too|as well)",
        f"{names} may (again |)with in", f"and what if we add {names}?", f"and also {names}{END}",
    )), rng).replace("and and", "and"), [call("refine", add="+".join(chosen))]  # fmt: skip


def exclude(rng: random.Random, scene: Scene) -> Made:
    chosen = ph.some_types(rng, 2)
    names = ph.joined(ph.names_of(chosen, rng), rng, rng.choice(("and", "or")))
    return pick(rng.choice((
        f"(exclude|not|no|without|except|leave out|drop|remove|skip|lose|scrap|strike|toss|omit|get rid of|take out|hide|kick out|retire|disregard|cut) (the |all |any |||){names}{END}",
        f"{names} out(| as well| too){END}", f"(but |and |)(not|no) {names}{END}", f"(not|and not) the {names}(| please| either){END}",
        f"{NOW}without (the |){names}{END}", f"anything but {names}{END}", f"{names} excluded{END}",
        f"leave {names} out of it{END}", f"{names} (isn't|aren't) welcome( either|)", f"nothing from {names}{END}",
        f"I don't want (the |any |){names}{END}", f"(not the {names}, those confuse me|and the ones of {names} neither)",
        f"toss the {names} out(| too){END}", f"outside {names}(| as well){END}", f"(nor|and not) in {names}{END}",
        f"take out the ones of {names}{END}", f"everything except {names}{END}", f"on second thought lose the {names}",
        f"get rid of (the |){names}( please|)", f"type != {names}", f"none of the {names}{END}", f"no need of {names}",
    )), rng), [call("refine", not_="+".join(chosen))]  # fmt: skip


def sex(rng: random.Random, scene: Scene) -> Made:
    code = rng.choice("FM")
    who, other = ph.people(code, rng), ph.people("M" if code == "F" else "F", rng)
    short = rng.choice(("F", "f", "female") if code == "F" else ("M", "m", "male"))
    return pick(rng.choice((
        f"{ONLY} {who}{END}", f"{who} only{END}", f"{NOW}{who}{END}", f"{NOW}(only |just |)(in |from |among ||){who}{END}",
        f"(no|not|without|exclude|no more) {other}{END}", f"{short} only{END}", f"{short} instead", f"sex={short}",
        f"{CORRECTION} {who}{END}", f"(sorry|no),? I meant {who}, not {other}".replace(",?", "(,|)"), f"{who}{END}",
        f"the same but {who}", f"{who} instead of {other}", f"change {other} to {who}", f"not {other}, {who}",
        f"the {other} I do not need", f"{ONLY} the {who}{END}", f"of {short} sex", f"{who} exclusively{END}",
        f"{other}, no wait, {who}{END}", f"next: {who}", f"leave the {other} out{END}", f"and for {who}?", f"{short}",
        f"she wants just the {who}", f"gender {short}", f"are there any {who} among them?",
    )), rng), [call("refine", sex=code)]  # fmt: skip


def age(rng: random.Random, scene: Scene) -> Made:
    roll = rng.random()
    if roll < 0.2:
        said, code = rng.choice(nums.GROUPS)
        if rng.random() < 0.2:
            other, _ = rng.choice(nums.GROUPS)
            return pick(rng.choice((f"not {other}, (I want |) {said}", f"{CORRECTION} {said}{END}", f"{said} (rather|instead){END}",
                                    f"{other}, (no|I mean|or rather) {said}", f"same, but {said}")), rng), \
                [call("refine", age=code)]  # fmt: skip
        return pick(f"{rng.choice((ONLY, NOW, CORRECTION, ''))} {said}{rng.choice(('', ' only', ''))}{END}", rng), \
            [call("refine", age=code)]  # fmt: skip
    if roll < 0.36:
        n = nums.some_age(rng)
        said = nums.number(n, rng, 0.15)
        low = rng.random() < 0.5
        up = "(upper|maximum|top|max)" if not low else "(lower|minimum|bottom|min)"
        verb = "(raise|lower|extend|set|change|move|bring|widen|stretch|reduce|prepone)"
        return pick(rng.choice((
            f"{verb} the {up} (age |age limit |limit for age )to {said}", f"(the |){up} age (limit |){said}{END}",
            f"{verb} the {up} age to {said} years", f"age {'from' if low else 'up to'} {said}{END}",
            f"extend the age to {said}" if not low else f"{verb} the age to {said} and above",
            f"cap (it|the age) at {said}" if not low else f"start at {said} years",
        )), rng), [call("refine", age=f"{'>=' if low else '<='}{n}")]  # fmt: skip
    said, code = nums.age_bound(rng)
    if roll < 0.5:
        wrong, _ = nums.age_bound(rng)
        return pick(rng.choice((
            f"{CORRECTION} {said}{END}", f"{wrong}, (I mean|no|no wait|hmm|sorry|or rather|no, let's say) {said}{END}",
            f"not {wrong}(,| but) {said}", f"{said}, not {wrong}", f"{wrong}... no, {said}",
        )), rng), [call("refine", age=code)]  # fmt: skip
    who = rng.choice(
        ("", "", "", "patients ", "people ", "in patients ", "those ", "only patients ", "the ones ", "age ")
    )
    if said.startswith(("age", "aged")) and who == "age ":
        who = ""
    return pick(f"{rng.choice((ONLY, NOW, NOW, NOW, ''))} {who}{said}{END}", rng), [call("refine", age=code)]


def size(rng: random.Random, scene: Scene) -> Made:
    roll = rng.random()
    if roll < 0.06:
        word, vague = rng.choice((("small", "small"), ("tiny", "small"), ("big", "large"), ("large", "large"),
                                  ("huge", "large"), ("smaller", "small"), ("bigger", "large"), ("old", "old"),
                                  ("young", "young"), ("older", "old"), ("younger", "young")))  # fmt: skip
        return pick(rng.choice((f"(only|just) the {word} (ones|lesions|cases)", f"{word} (ones|lesions)( please| only|)",
                                f"only {word}{'' if word.endswith('er') else ' ones'}", f"{word}(?|)")), rng), \
            [call("refine", vague=vague)]  # fmt: skip
    if roll < 0.22:
        said, meant = nums.length(rng)
        low = rng.random() < 0.4
        end = "(upper|maximum)" if not low else "(lower|minimum)"
        return pick(rng.choice((
            f"(raise|lower|set|change|move) the {end} (bound|limit|size|border|) to {said}", f"{end} (bound|size) {said}",
            f"(extend|stretch|widen) (that|it) to {said}" if not low else f"{end} (length|size|diameter) {said}",
            f"(raise|lower) the ceiling to {said}" if not low else f"(raise|lower) the floor to {said}",
            f"the {end} border may be {said}", f"{said} (would be|is) a more sensible {end} limit",
            f"cap (it|the size) at {said}" if not low else f"start (from|at) {said}",
        )), rng), [call("refine", size=f"{'>' if low else '<'}{meant}")]  # fmt: skip
    said, code = nums.size_bound(rng)
    if roll < 0.34:
        wrong, _ = nums.size_bound(rng)
        return pick(rng.choice((f"{CORRECTION} {said}{END}", f"{wrong}, (I mean|no|hmm|sorry|or rather|no wait) {said}{END}",
                                f"{wrong}... no, {said}", f"not {wrong}, {said}")), rng), [call("refine", size=code)]  # fmt: skip
    if roll < 0.40:
        return pick(rng.choice(("(only |)of (the same|similar|comparable) size( please|)", "about as big as (mine|this)",
                                "similarly sized ones", "the same size as mine", "size like mine")), rng), \
            [call("refine", size="~")]  # fmt: skip
    if roll < 0.44:
        return pick(rng.choice(("(only |)patients of (the same|similar) age( please|)", "of the same age as (this|my) patient",
                                "same age group( as mine|)", "similar age", "as old as this patient")), rng), \
            [call("refine", age="~")]  # fmt: skip
    what = rng.choice(("", "", "", "ones ", "lesions ", "those ", "the ones ", "only ones ", "a long axis ", "diameter ",
                       "long ones ", "stuff "))  # fmt: skip
    return pick(f"{rng.choice((ONLY, NOW, NOW, NOW, '', 'and keep it '))} {what}{said}{END}", rng), [
        call("refine", size=code)
    ]


def count(rng: random.Random, scene: Scene) -> Made:
    if rng.random() < 0.25:
        more = rng.randint(1, 30)
        said = nums.number(more, rng, 0.3)
        if rng.random() < 0.5:
            return pick(rng.choice((f"{said} more{END}", f"(show|give) me {said} more{END}", f"the next {said}{END}",
                                    f"another {said}{END}", f"{said} more (hits|cases|results|of them){END}")), rng), \
                [call("refine", more=str(more))]  # fmt: skip
        return pick(rng.choice(("(show me |give me |)(some |a few |)more( hits| cases| results| of them| please|)", "more{e}",
                                "are there more?", "the next ones", "show more")), rng, e=rng.choice(("", "!", "?"))), \
            [call("refine", more="10")]  # fmt: skip
    said, code = count_phrase(rng)
    if rng.random() < 0.2:
        wrong, _ = drawn_count(rng)
        return pick(rng.choice((f"{CORRECTION} {said}{END}", f"{wrong.removesuffix(' of')}, (no|nah|no wait|sorry), {said}")), rng), \
            [call("refine", k=code)]  # fmt: skip
    plain, n = drawn_count(rng)
    plain = plain.removesuffix(" of")
    if rng.random() < 0.35 and n != "1":
        return pick(rng.choice((f"(bump|cut|raise|reduce) (that|it) (up |down |)to {plain} (hits|results|cases)",
                                f"(show|give me|I need|I want) {plain} (instead|hits|results|of those|cases){END}",
                                f"no need for {rng.choice(('ten', 'so many', 'twenty'))}, {plain} will do", f"{plain} (is|are) enough{END}",
                                f"{plain} will (do|suffice){END}", f"let's not go overboard, {plain}'s plenty",
                                f"make (it|that) {plain} (hits|results|cases)", f"only {plain} is sufficient", f"{plain} hits{END}",
                                f"put {plain} on the list", f"please do the needful for {plain} nos.")), rng), \
            [call("refine", k=n)]  # fmt: skip
    return pick(f"{rng.choice((NOW, NOW, ''))} {said}{END}", rng), [call("refine", k=code)]


def bare_number(rng: random.Random, scene: Scene) -> Made:
    n = rng.choice((rng.randint(1, 20), rng.randint(20, 90)))
    return pick(rng.choice((f"(make it|make that|change it to|set it to|rather|let's say|go to|say) {n}{END}", f"{n}{END}",
                            f"(no, |){n} (instead|rather)", f"{nums.words(n)}{END}", f"make (it|that) {nums.words(n)}")), rng), \
        [call("refine", number=str(n))]  # fmt: skip


def scope(rng: random.Random, scene: Scene) -> Made:
    code = rng.choice(tuple(ph.SCOPES))
    said = rng.choice(ph.SCOPES[code])
    extra = {
        "same": ("has he had something like this before?", "any old films of the same patient showing this?",
                 "did this patient have anything like it on earlier scans?", "does the same patient have others like it?",
                 "not other patients, this patient only", "has this person got other spots like this one?",
                 "same person before have similar one or not?", "anything like this elsewhere in the same patient?",
                 "look at the patient's own history", "confine it to this very patient", "prior exams, this pt only",
                 "hm, just the patient's own", "only among the other lesions of this very patient"),
        "other": ("other patients instead", "and in other folks?", "leave this patient out", "see other people",
                  "in somebody else", "now leave this patient out", "and by foreign patients?", "look at others instead"),
        "all": ("also include this patient", "everybody, her own included", "cast the net over all patients",
                "include this patient's own scans along with everyone else's", "not only this patient, everybody",
                "don't leave anybody out", "better with all of the patients, him included", "widen it to everybody",
                "now absolutely everybody", "add this patient as well", "all people include himself", "scope: everyone",
                "this patient too", "irrespective of patient, the present one included"),
    }[code]  # fmt: skip
    if rng.random() < 0.45:
        return pick(f"{rng.choice((NOW, ''))}{rng.choice(extra)}", rng), [call("refine", scope=code)]
    return pick(f"{rng.choice((ONLY, NOW, NOW, CORRECTION, ''))} {said}{END}", rng), [call("refine", scope=code)]


def drop(rng: random.Random, scene: Scene) -> Made:
    roll = rng.random()
    if roll < 0.15:
        end = rng.choice(("min", "max"))
        word = rng.choice(("lower", "minimum") if end == "min" else ("upper", "maximum"))
        return pick(f"{NO} (the |) {word} (bound|limit|age limit|age|size|size limit|border){END}", rng).replace("no the", "no"), \
            [call("refine", drop=end)]  # fmt: skip
    if roll < 0.55:
        name = rng.choice(("age", "sex", "size", "type", "age", "size", "all"))
        free = rng.choice(FREED[name])
        return pick(f"{rng.choice((NOW, '', ''))}{free}{END}", rng), [call("refine", drop=name)]
    name = rng.choice(tuple(DROPPED))
    what = rng.choice(DROPPED[name])
    if rng.random() < 0.12:
        other = rng.choice([n for n in DROPPED if n != name and n != "scope"])
        both = f"{what.removeprefix('the ')} and {rng.choice(DROPPED[other]).removeprefix('the ')}"
        return pick(f"{NO} the {both}{END}", rng).replace("no the", "no"), [call("refine", drop=f"{name}+{other}")]
    keep = rng.choice(("", "", "", ", keep the rest", " but keep the others", " again", " entirely", " now"))
    return pick(f"{NOW}{NO} {what}{keep}{END}", rng).replace("no the", "no"), [call("refine", drop=name)]


def several_filters(rng: random.Random, scene: Scene) -> Made:
    """Two or three things changed at once."""
    makers = rng.sample((only_type, exclude, sex, age, size, count, scope, drop), 2)
    parts, fields = [], Fields()
    for maker in makers:
        text, said = maker(rng, scene)
        parts.append(text.rstrip(" .?!"))
        fields |= said[0].written()
    fields.pop("do")
    if ("in" in fields and "not" in fields) or {"vague", "more"} & set(fields) or any(" not " in t for t in parts):
        return sex(rng, scene)
    dropped, kept = fields.get("drop", ""), {"age": "age", "sex": "sex", "size": "size", "in": "type", "not": "type"}
    if any(name in fields and word in dropped for name, word in kept.items()) or dropped in ("all", "min", "max"):
        return age(rng, scene)
    return rng.choice((", ", " and ", ", and ", " but ", "; ", ", ")).join(parts), [call("refine", **fields)]


def only_people(rng: random.Random, scene: Scene) -> Made:
    """ "women over 60": sex and age in one breath."""
    code = rng.choice("FM")
    said, age_code = nums.age_bound(rng)
    return pick(f"{rng.choice((ONLY, NOW, ''))} {ph.people(code, rng)} {said}{END}", rng), \
        [call("refine", sex=code, age=age_code)]  # fmt: skip


def other_region(rng: random.Random, scene: Scene) -> Made:
    region, where = region_of(rng, Scene(max(2, scene.regions)))
    if not where:
        region, where = "R2", {"region": "R2"}
    return pick(rng.choice((
        "(and|and for|what about|now|same for|the same for|ditto|and what about|likewise for|now the same for|repeat this for|do that for|now do|again for|same thing for|run that again for|and how is it by|how about|wat abt|now the same question for|same filters for) {r}(?|| too| please| also|)",
        "{r} (too|as well|also|now|then|instead)(?|)", "(now |and |)(the same|same thing|same restriction) (for|with|on|in) {r}(?|)",
        "{r}(?|)", "repeat (this|that|it) with {r}", "{r}, same (filters|restriction|k|question)",
        "(no, |actually |)(I meant |){r}( was right|)",
    )), rng, r=region), [call("refine", **where)]  # fmt: skip


def nth(rng: random.Random, scene: Scene) -> Made:
    n = rng.randint(1, 6)
    last = rng.random() < 0.15
    word = "last" if last else nums.ordinal(n, rng)
    return pick(rng.choice((f"(and|and for|what about|now|how about|and how is it by) the {word}( one|)(?|)", f"the {word}( one|)(?|.|)",
                            f"(and |)the {word} (please|too|then)", f"and to the {word}?")), rng), \
        [call("refine", nth="last" if last else str(n))]  # fmt: skip


def bare_hit(rng: random.Random, scene: Scene) -> Made:
    hit, which = hit_of(rng)
    return pick("(and |now |what about |and what about |how about |open |then ||||){h}(?||| too| please|)", rng, h=hit), \
        [call("refine" if scene.last == "compare" else "hit", **which)]  # fmt: skip


def same_but(rng: random.Random, scene: Scene) -> Made:
    """The region and a filter: "the same for R2, but only women"."""
    text, said = other_region(rng, scene)
    more, changed = rng.choice((sex, age, size, only_type, count))(rng, scene)
    fields = {**changed[0].written(), **said[0].written()}
    fields.pop("do")
    if "vague" in fields:
        return text, said
    return f"{text.rstrip(' ?.!')}, {rng.choice(('but ', '', 'and ', ''))}{more}", [call("refine", **fields)]


def pairs(rng: random.Random, scene: Scene) -> Made:
    """Short sentences that differ in the one thing models confuse: which way a bound goes, whose lesions, which sex."""
    do = rng.choice(("search", "refine"))
    head = (
        "(similar|similar lesions|similar cases|lookalikes|find similar ones|show similar lesions|matches|look-alikes)"
    )
    lead = head if do == "search" else rng.choice((ONLY, NOW, "", "but", "and", "no,"))
    kind = rng.choices(("age", "size", "scope", "sex", "both"), (46, 24, 12, 12, 6))[0]
    who = rng.choice(
        ("patients", "people", "those", "persons", "pts", "in patients", "in people", "from patients", "", "")
    )
    if kind == "age":
        said, code = nums.age_bound(rng)
        return pick(f"{lead} {who} {said}{END}", rng), [call(do, age=code)]
    if kind == "size":
        said, code = nums.size_bound(rng)
        return pick(f"{lead} {said}{END}", rng), [call(do, size=code)]
    if kind == "scope":
        code = rng.choice(tuple(ph.SCOPES))
        return pick(f"{lead} {rng.choice(ph.SCOPES[code])}{END}", rng), [call(do, scope=code)]
    if kind == "sex":
        code = rng.choice("FM")
        other = ph.people("M" if code == "F" else "F", rng)
        no = rng.random() < 0.35
        said = rng.choice(("no {}", "not {}", "without {}", "excluding {}", "but not in {}")).format(other) if no else \
            rng.choice(("in {}", "only {}", "{} only", "{}", "from {}")).format(ph.people(code, rng))  # fmt: skip
        return pick(f"{lead} {said}{END}", rng), [call(do, sex=code)]
    (age_said, age_code), (size_said, size_code) = nums.age_bound(rng), nums.size_bound(rng)
    one, two = rng.sample(
        (
            f"{rng.choice(('patients', 'people', 'patient', 'age'))} {age_said}",
            f"{rng.choice(('', 'lesion ', 'size '))}{size_said}",
        ),
        2,
    )
    return pick(f"{lead} {one}(,| and|;) {two}{END}", rng), [call(do, age=age_code, size=size_code)]


def undo(rng: random.Random, scene: Scene) -> Made:
    return pick(rng.choice((
        "(undo|undo that|undo the last (change|step|filter|exclusion)|revert|revert that|go back|go back one step|back)(.||)( please|)",
        "(take me |go |)back to (the previous|the last|the earlier) (one|search|list|results|version)(.|)",
        "(never mind,|hmm,|no,|) (return to|go back to|bring back) (the previous|what we had|the last) (search|before|one|version)",
        "(I liked it better before|make the last step backwards|as it was before|the previous one again|one step back)(.|)",
        "(put it back|return to) (how|as) it was(.|)", "restore the previous (filters|search|results)",
    )), rng), [call("undo")]  # fmt: skip


MAKERS = {
    only_type: 12, add_type: 5, exclude: 8, sex: 10, age: 14, size: 10, count: 8, bare_number: 2, scope: 7, drop: 11,
    several_filters: 8, only_people: 5, other_region: 6, nth: 2, bare_hit: 3, same_but: 3, undo: 3,
}  # fmt: skip


def follow_up(rng: random.Random, scene: Scene) -> Made:
    return rng.choices(list(MAKERS), list(MAKERS.values()))[0](rng, scene)
