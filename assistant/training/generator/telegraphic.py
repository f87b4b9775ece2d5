"""A search in a doctor's shorthand: `R2 liver f>60 5`, `all pts, lung, M <70 >8mm n12`."""

import random

from assistant.training.generator.number_phrases import some_age
from assistant.training.generator.phrase_tables import some_types
from assistant.training.generator.scenes import Fields, Made, Scene, call

ABBREVIATED = {
    "bone": ("bone", "bone", "oss", "osseous"),
    "abdomen": ("abd", "abdo", "abdomen", "abdominal"),
    "mediastinum": ("mediast", "mediastinal", "med", "mediastinum"),
    "liver": ("liver", "liver", "hep", "liv"),
    "lung": ("lung", "lung", "pulm", "lungs"),
    "kidney": ("kidney", "renal", "ren", "kid"),
    "soft tissue": ("ST", "soft tiss", "soft tissue", "st"),
    "pelvis": ("pelv", "pelvis", "pelvic"),
}
WITHOUT = ("-{}", "no {}", "w/o {}", "not {}", "excl {}", "- {}", "exc {}", "!{}")
SCOPES = {
    "all": ("all pts", "any pt", "all pt", "everyone", "scope all", "all patients"),
    "same": ("same pt", "this pt", "own pt", "intra-pt", "same pat"),
    "other": ("other pts", "cross", "cross-pt", "x-pt", "others only", "other pt"),
}
SEARCH = ("sim", "sims", "NN", "similar", "search", "lookalikes", "find", "matches")


def shorthand(rng: random.Random, scene: Scene) -> Made:
    """One to five filters in a few signs each, in any order; after a search they change it, unless it says `sim`."""
    names = rng.sample(
        ("type", "type", "who", "who", "size", "count", "scope"), rng.choices((1, 2, 3, 4), (20, 35, 30, 15))[0]
    )
    fields = Fields()
    parts = [_PARTS[name](rng, fields) for name in dict.fromkeys(names)]
    lead = []
    searches = not scene.hits or rng.random() < 0.4
    if searches and (scene.hits or len(parts) == 1 or rng.random() < 0.3):
        lead.append(rng.choice(SEARCH))
    if searches and scene.regions > 1 and rng.random() < 0.45:
        number = rng.randint(1, scene.regions)
        fields["region"] = f"R{number}"
        lead.insert(rng.randrange(len(lead) + 1), rng.choice((f"R{number}", f"R{number}", f"r{number}", f"R{number}:")))
    if "k" not in fields and len(parts) > 1 and parts[-1][-1].isalpha() and rng.random() < 0.15:
        fields["k"] = str(rng.choice((3, 5, 8, 10, 12, 15, 20)))
        parts.append(fields["k"])  # a bare number that ends it
    joint = rng.choices((" ", ", ", "; ", " / ", " + "), (70, 20, 4, 3, 3))[0]
    text = " ".join([*lead, joint.join(parts)])
    return text, [call("search" if searches else "refine", **fields)]


def _types(rng: random.Random, fields: Fields) -> str:
    types = some_types(rng)
    said = rng.choice((" ", "/", ", ", "+", " & ")).join(rng.choice(ABBREVIATED[t]) for t in types)
    if rng.random() < 0.25:
        fields["not"] = types[0]
        return rng.choice(WITHOUT).format(rng.choice(ABBREVIATED[types[0]]))
    fields["in"] = "+".join(types)
    return said


def _who(rng: random.Random, fields: Fields) -> str:
    """Sex, age, or both in one."""
    sex = rng.choice("FM") if rng.random() < 0.65 else ""
    if sex:
        fields["sex"] = sex
    one = {"F": ("F", "f", "F", "fem", "female", "women"), "M": ("M", "m", "M", "male", "men"), "": ("",)}[sex]
    who = rng.choice(one)
    if sex and rng.random() < 0.35:
        return who
    low = some_age(rng)
    high = min(99, low + rng.choice((5, 10, 15, 20, 30)))
    said, fields["age"] = rng.choice((
        (f">{low}", f">{low}"), (f"<{low}", f"<{low}"), (f"> {low}", f">{low}"), (f"< {low}", f"<{low}"),
        (f">={low}", f">={low}"), (f"<={low}", f"<={low}"), (f"≥{low}", f">={low}"), (f"≤{low}", f"<={low}"),
        (f"{low}+", f">={low}"), (f"{low}-{high}", f"{low}-{high}"), (f"{low}–{high}", f"{low}-{high}"),
    ))  # fmt: skip
    unit = rng.choice(("", "", "y", "yo", " yrs", "a"))
    if not who:
        return f"{rng.choice(('age ', 'age', 'pts ', 'y/o '))}{said}" if not unit else f"{said}{unit}"
    return rng.choice((f"{who}{said}", f"{who} {said}", f"{who}{said}", f"{said}{unit} {who}"))


def _size(rng: random.Random, fields: Fields) -> str:
    unit, low, step = ("mm", rng.randint(3, 40), rng.randint(2, 20)) if rng.random() < 0.6 \
        else ("cm", rng.choice((0.5, 1, 1.2, 1.5, 2, 2.5, 3, 4)), rng.choice((0.5, 1, 2)))  # fmt: skip
    high = low + step
    said, fields["size"] = rng.choice((
        (f">{low:g}{unit}", f">{low:g}{unit}"), (f"<{low:g}{unit}", f"<{low:g}{unit}"),
        (f"> {low:g} {unit}", f">{low:g}{unit}"), (f"< {low:g} {unit}", f"<{low:g}{unit}"),
        (f"≥{low:g}{unit}", f">{low:g}{unit}"), (f"<={low:g}{unit}", f"<{low:g}{unit}"),
        (f"{low:g}{unit}+", f">{low:g}{unit}"), (f"max {low:g}{unit}", f"<{low:g}{unit}"),
        (f"min {low:g}{unit}", f">{low:g}{unit}"), (f"{low:g}-{high:g}{unit}", f"{low:g}{unit}-{high:g}{unit}"),
        (f"{low:g} - {high:g} {unit}", f"{low:g}{unit}-{high:g}{unit}"),
    ))  # fmt: skip
    return said


def _count(rng: random.Random, fields: Fields) -> str:
    k = rng.choice((3, 5, 10, 12, 20, rng.randint(2, 30)))
    fields["k"] = str(k)
    return rng.choice(("k{}", "k={}", "k {}", "n{}", "n={}", "n {}", "x{}", "{}x", "top{}", "top {}", "top-{}", "{} hits",
                       "max {}", "{} res")).format(k)  # fmt: skip


def _scope(rng: random.Random, fields: Fields) -> str:
    fields["scope"] = rng.choice(tuple(SCOPES))
    return rng.choice(SCOPES[fields["scope"]])


_PARTS = {"type": _types, "who": _who, "size": _size, "count": _count, "scope": _scope}
