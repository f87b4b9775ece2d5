"""How people say numbers, ages, sizes and counts, each with what it means in the call language."""

import random

from assistant.core.patterns import UNITS

TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = ["_", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
DECADES = {20: "twenties", 30: "thirties", 40: "forties", 50: "fifties", 60: "sixties", 70: "seventies",
           80: "eighties", 90: "nineties"}  # fmt: skip

Phrase = tuple[str, str]  # what is said, what it means


def words(n: int) -> str:
    """A number below 200 in words."""
    if n < 20:
        return UNITS[n]
    if n < 100:
        return TENS[n // 10] + (f"-{UNITS[n % 10]}" if n % 10 else "")
    return "a hundred" if n == 100 else str(n)


def number(n: int, rng: random.Random, spelled: float = 0.2) -> str:
    """A number in digits, or sometimes in words."""
    if rng.random() < spelled and n <= 100:
        text = words(n)
        return text.replace("-", " ") if rng.random() < 0.5 else text
    return str(n)


def ordinal(n: int, rng: random.Random) -> str:
    """Write a rank in words or digits."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    return ORDINALS[n] if n <= 10 and rng.random() < 0.7 else f"{n}{ends.get(n, 'th')}"


# -- ages --------------------------------------------------------------------------------------------------------------
OVER = ("over", "older than", "above", "past", "more than", "beyond", "> ", ">", "over", "older than", "upwards of",
        "exceeding", "greater than", "more old than")  # fmt: skip
AT_LEAST = ("nobody under", "nobody younger than", "no one under", "at least", "from", "not under", "not younger than", "no younger than", "minimum", "min", "min.", ">= ", ">=",
            "≥", "starting at", "not below", "a minimum of", "no less than", "not less than")  # fmt: skip
UNDER = ("under", "younger than", "below", "less than", "< ", "<", "under", "younger than", "not yet", "more young than",
         "not even")  # fmt: skip
AT_MOST = ("nobody over", "nobody older than", "no one above", "up to", "at most", "not over", "no older than", "not older than", "maximum", "max", "max.", "<= ", "<=", "≤",
           "not above", "until", "not more than", "no more than", "not exceeding", "as old as", "not past")  # fmt: skip
AFTER_LEAST = ("and older", "or older", "+", " plus", "and over", "and above", "or more", "and up", "or above",
               "upwards", "or over", "-year-olds and up", "-year-olds and over", " years or older", " years and older", "y+", " and more", " years on")  # fmt: skip
AFTER_MOST = ("or younger", "and younger", "or under", "or less", "and below", "and under", " years or younger",
              "or below", "tops", "at the most", "max")  # fmt: skip
GROUPS: tuple[tuple[str, str], ...] = (
    ("octogenarians", "80-89"), ("septuagenarians", "70-79"), ("sexagenarians", "60-69"), ("nonagenarians", "90-99"),
    ("children", "<=17"), ("kids", "<=17"), ("minors", "<=17"), ("paediatric patients", "<=17"),
    ("pediatric cases", "<=17"), ("teenagers", "13-19"), ("teens", "13-19"), ("adolescents", "13-19"),
    ("adults", ">=18"), ("grown-ups", ">=18"), ("the elderly", ">=65"), ("elderly patients", ">=65"),
    ("seniors", ">=65"), ("pensioners", ">=65"), ("geriatric patients", ">=65"), ("old people", ">=65"),
    ("young adults", "18-39"), ("young patients", "<=39"), ("young people", "<=39"), ("the middle-aged", "40-64"),
    ("middle-aged patients", "40-64"), ("twenty-somethings", "20-29"), ("thirty-somethings", "30-39"),
    ("forty-somethings", "40-49"), ("fifty-somethings", "50-59"), ("infants", "<=1"),
)  # fmt: skip
YEARS = ("", "", "", "", " years", " years old", " y", " yrs", " yo", " years of age", "y")


def some_age(rng: random.Random) -> int:
    """A round age mostly, any age often enough for its digits to be copied."""
    roll = rng.random()
    return rng.choice(range(20, 91, 10)) if roll < 0.35 else rng.choice(range(15, 90, 5)) if roll < 0.6 \
        else rng.randint(12, 94)  # fmt: skip


def age_bound(rng: random.Random) -> Phrase:
    """What stands after a person: "over 60", "60 or older", "aged 40 to 50", "in their fifties"."""
    a, years = some_age(rng), rng.choice(YEARS)
    n = number(a, rng, 0.15)
    if rng.random() < 0.12 and not years:
        years = " years"
    roll = rng.random()
    if roll < 0.46:
        sign, table = rng.choice(((">", OVER), (">=", AT_LEAST), ("<", UNDER), ("<=", AT_MOST)))
        bound = rng.choice(table)
        lead = rng.choice(("", "", "", "", "aged ", "age ", "who are ", "who were ", "that are ")) if bound[0] not in "<>≥≤" \
            else rng.choice(("", "", "age ", "aged ", "age"))  # fmt: skip
        space = "" if bound[-1] in " <>=≥≤" else " "
        the_age = "the age of " if space and rng.random() < 0.06 else ""
        return f"{lead}{bound}{space}{the_age}{n}{years}", f"{sign}{a}"
    if roll < 0.60:
        after = rng.choice(AFTER_LEAST)
        lead = rng.choice(("", "", "aged ", "of ", "who are "))
        return f"{lead}{n}{'' if after[0] in ' +y' else ' '}{after}", f">={a}"
    if roll < 0.68:
        return f"{rng.choice(('', '', 'aged ', 'who are '))}{n}{years} {rng.choice(AFTER_MOST).strip()}", f"<={a}"
    if roll < 0.86:
        return age_range(rng)
    if roll < 0.97:
        return decade(rng)
    about = rng.choice(("around", "about", "roughly", "approximately", "circa", "~", "some"))
    return f"{rng.choice(('', 'aged '))}{about} {n}{years}", f"~{a}"


def age_range(rng: random.Random) -> Phrase:
    low = some_age(rng)
    high = min(99, low + rng.choice((5, 10, 10, 15, 20, 20, 25, 30, rng.randint(2, 40))))
    spelled = rng.random() < 0.12
    a, b = (words(low), words(high)) if spelled else (str(low), str(high))
    y = rng.choice(("", "", "", " years", " y", " years old", " yo", "y"))
    pattern = rng.choice((
        f"between {a} and {b}{y}", f"between {a} and {b}", f"from {a} to {b}{y}", f"aged {a} to {b}", f"{a} to {b}{y}",
        f"{a}-{b}{y}", f"aged {a}-{b}", f"aged between {a} and {b}", f"{a} through {b}{y}", f"of {a} until {b} years",
        f"{a} – {b}{y}", f"in the age range {a} to {b}",
        f"at least {a} and at most {b}", f"{a} to {b}{y}", f"{a}-{b}", f"age {a}-{b}", f"[{a}, {b}]",
        f"not under {a} and not over {b}", f"nobody under {a} and nobody over {b}", f"over {low - 1} but not over {high}" if not spelled
        else f"{a} to {b}", f"no younger than {a} and no older than {b}", f"age in [{a}, {b}]",
        f"somewhere between {a} and {b}", f"{a} up to {b} years",
    ))  # fmt: skip
    return pattern, f"{low}-{high}"


def decade(rng: random.Random) -> Phrase:
    d = rng.choice(tuple(DECADES))
    name = rng.choice((DECADES[d], DECADES[d], f"{d}s", f"{d}'s"))
    roll = rng.random()
    their = rng.choice(("in their", "in their", "in the", "in his or her", "in her", "in his"))
    if roll < 0.55:
        return f"{their} {name}", f"{d}-{d + 9}"
    if roll < 0.75 and d < 90:
        e = min(90, d + rng.choice((10, 10, 20)))
        other = DECADES[e] if name == DECADES[d] else f"{e}s"
        joint = rng.choice(("or", "and", "to", "or"))
        return f"{their} {name} {joint} {other}", f"{d}-{e + 9}"
    part, (low, high) = rng.choice((("early", (0, 3)), ("mid", (4, 6)), ("late", (7, 9)), ("early", (0, 3))))
    return f"{their} {part}{rng.choice((' ', '-', ' ')) if part == 'mid' else ' '}{name}", f"{d + low}-{d + high}"


# -- sizes -------------------------------------------------------------------------------------------------------------
BIGGER = ("larger than", "bigger than", "over", "above", "more than", "at least", "exceeding", "> ", ">", ">=", "min",
          "minimum", "greater than", "not smaller than", "no smaller than", "longer than", "from", "not under",
          "bigger as", "nothing smaller than", "of minimum", "not below")  # fmt: skip
SMALLER = ("smaller than", "under", "below", "up to", "at most", "less than", "< ", "<", "<=", "≤", "max", "maximum",
           "no larger than", "no bigger than", "not larger than", "not over", "nothing bigger than", "not exceeding",
           "shorter than", "no more than", "smaller as", "nothing over", "not more than", "not above")  # fmt: skip


def length(rng: random.Random) -> tuple[str, str]:
    """A length as said, and as meant."""
    roll = rng.random()
    if roll < 0.42:
        n = rng.choice((5, 8, 10, 12, 15, 20, 25, 30, rng.randint(3, 60), rng.randint(3, 99)))
        unit = rng.choice(("mm", " mm", " mm", " mm", " millimetres", " millimeters", " millimeter", " mms"))
        return f"{number(n, rng, 0.15)}{unit}", f"{n}mm"
    unit = rng.choice(("cm", " cm", " cm", " cm", " centimetres", " centimeters", " centimeter", " cms"))
    if roll < 0.72:
        n = rng.choice((1, 2, 3, 4, 5, 2, 3, rng.randint(1, 12)))
        if n == 1 and rng.random() < 0.4:
            return rng.choice(("a centimetre", "one cm", "one centimeter", "a centimeter", "1 centimetre")), "1cm"
        return f"{number(n, rng, 0.2)}{unit}", f"{n}cm"
    if roll < 0.93:
        whole, tenth = rng.randint(0, 6), rng.choice((5, 5, 5, 2, 8, rng.randint(1, 9)))
        if tenth == 5 and rng.random() < 0.25:
            said = "half a centimetre" if whole == 0 else f"{words(whole)} and a half{unit}"
            if whole == 1 and rng.random() < 0.5:
                said = "a centimetre and a half"
            return said, f"{whole}.5cm"
        if rng.random() < 0.08:
            return f"{words(whole)} point {words(tenth)}{unit}", f"{whole}.{tenth}cm"
        return f"{whole}{rng.choice(('.', '.', '.', ','))}{tenth}{unit}", f"{whole}.{tenth}cm"
    n = rng.randint(1, 3)
    return ("an inch" if n == 1 else f"{number(n, rng, 0.3)} inches"), f"{n}in"


def size_bound(rng: random.Random) -> Phrase:
    """ "smaller than 2 cm", "1 to 3 cm", "15 mm or more", "of the same size"."""
    said, meant = length(rng)
    roll = rng.random()
    if roll < 0.62:
        sign, table = rng.choice(((">", BIGGER), ("<", SMALLER)))
        bound = rng.choice(table)
        lead = rng.choice(("", "", "", "", "measuring ", "that are ", "which are ")) if bound[0] not in "<>≥≤" else ""
        return f"{lead}{bound}{'' if bound[-1] in ' <>=≥≤' else ' '}{said}", f"{sign}{meant}"
    if roll < 0.70:
        after, sign = rng.choice((("or more", ">"), ("or larger", ">"), ("and up", ">"), ("or bigger", ">"),
                                  ("or less", "<"), ("or smaller", "<"), ("and below", "<"), ("tops", "<"),
                                  ("at most", "<"), ("at least", ">"), ("and above", ">"), ("max", "<")))  # fmt: skip
        return f"{said} {after}", f"{sign}{meant}"
    if roll < 0.93:
        return size_range(rng)
    if roll < 0.96:
        return rng.choice(("sub-centimetre", "subcentimeter", "sub-centimeter")), "<1cm"
    return f"{rng.choice(('about', 'around', 'roughly', 'approximately', '~'))} {said}", f"~{meant}"


def size_range(rng: random.Random) -> Phrase:
    low: float
    high: float
    if rng.random() < 0.5:
        low = rng.choice((4, 5, 6, 8, 10, 12, 15, rng.randint(2, 40)))
        high = low + rng.choice((5, 10, 15, 20, rng.randint(2, 40)))
        a, b, unit, code = str(low), str(high), rng.choice((" mm", "mm", " mm", " millimetres", " millimeters")), "mm"
    else:
        tenths = rng.random() < 0.35
        low = rng.randint(5, 40) / 10 if tenths else rng.randint(1, 5)
        high = round(low + (rng.randint(5, 40) / 10 if tenths else rng.randint(1, 5)), 1)
        a, b = f"{low:g}", f"{high:g}"
        unit, code = rng.choice((" cm", "cm", " cm", " centimetres", " centimeters")), "cm"
        if not tenths and rng.random() < 0.15:
            a, b = words(int(low)), words(int(high))
    low_code, high_code = f"{low:g}{code}", f"{high:g}{code}"
    if rng.random() < 0.06:  # two units
        millimetres, centimetres = rng.randint(3, 9), rng.choice(("1", "1.5", "2", "2.5", "3"))
        said = rng.choice(("from {} mm to {} cm", "between {} mm and {} cm", "{} mm to {} cm"))
        return said.format(millimetres, centimetres), f"{millimetres}mm-{centimetres}cm"
    if rng.random() < 0.05:
        return rng.choice((
            ("half a centimetre to a centimetre", "0.5cm-1cm"), ("half a centimetre to two centimetres", "0.5cm-2cm"),
            ("between one and one and a half centimetres", "1cm-1.5cm"), ("from half a centimetre to one and a half", "0.5cm-1.5cm"),
            ("a centimetre to an inch", "1cm-1in"), ("between half a centimetre and three centimetres", "0.5cm-3cm"),
        ))  # fmt: skip
    comma = rng.random() < 0.05
    if comma:
        a, b = a.replace(".", ","), b.replace(".", ",")
    return rng.choice((
        f"between {a} and {b}{unit}", f"from {a} to {b}{unit}", f"{a} to {b}{unit}", f"{a}-{b}{unit}",
        f"{a} - {b}{unit}", f"{a}–{b}{unit}", f"measuring {a}-{b}{unit}", f"of {a} to {b}{unit}",
        f"between {a}{unit} and {b}{unit}", f"{a}{unit} to {b}{unit}", f"at least {a}{unit} and at most {b}{unit}",
        f"{a}{unit} <= size <= {b}{unit}", f"not smaller than {a}{unit} and not larger than {b}{unit}",
    )), f"{low_code}-{high_code}"  # fmt: skip


# -- how many ----------------------------------------------------------------------------------------------------------
COUNT_WORDS: tuple[tuple[str, int], ...] = (
    ("a dozen", 12), ("half a dozen", 6), ("a couple of", 2), ("a handful of", 5), ("two dozen", 24), ("a pair of", 2),
)  # fmt: skip
