"""How the same request comes from different people: typing, dictation, politeness, slips of spelling, haste."""

import random
import re

_NEAR = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
_PHONE = (
    ("please", "pls"), ("you", "u"), ("are", "r"), ("for", "4"), ("what", "wat"), ("this", "dis"), ("with", "w"),
    ("similar", "simlar"), ("lesions", "lesoins"), ("only", "onli"), ("just", "jst"), ("and", "n"), ("about", "abt"),
    ("patients", "pts"), ("patient", "pt"), ("over", "ovr"), ("younger", "yunger"), ("measure", "mesure"),
    ("report", "reprot"), ("smaller", "smaler"), ("bigger", "biger"), ("than", "thn"), ("liver", "livr"), ("that", "dat"),
    ("ladies", "ladys"), ("years", "yrs"), ("years old", "yo"), ("because", "cuz"), ("show", "sho"), ("find", "fnd"),
    ("lungs", "longs"), ("describe", "discribe"), ("compare", "compair"), ("women", "woman"), ("region", "regoin"),
)  # fmt: skip
_HEARD = (("two", "to"), ("four", "for"), ("one", "won"), ("eight", "ate"), ("their", "there"), ("male", "mail"),
          ("lungs", "longs"), ("no", "know"), ("here", "hear"), ("see", "sea"), ("right", "write"), ("by", "buy"),
          ("size", "sighs"), ("women", "woman"), ("ten", "tan"), ("patients", "patience"), ("not", "knot"),
          ("hit", "hid"), ("kidneys", "kid knees"))  # fmt: skip
_BEFORE = (
    "please ", "hi, ", "hello, ", "hey, ", "ok, ", "okay so ", "um, ", "uh ", "so, ", "well, ", "sorry, ", "right, ",
    "great. ", "thanks! ", "hm, ", "good morning. ", "cool, ", "alright, ", "now ", "and ", "doctor, ", "kindly ",
    "lovely. ", "interesting! ", "excuse me, ", "if I may: ", "one more thing: ", "next, ", "sir, ", "hmm. ", "aha, ",
    "if it's not too much trouble, ", "just for teaching: ", "quick one before handover: ", "my boss says: ",
    "so my patient is here and ", "before the tumour board: ", "forgive me, ", "for my lecture, ", "thank you. ",
)  # fmt: skip
_AFTER = (
    " please", ", please", " thanks", ", thanks!", " thank you", " pls", " if possible", ", ok?", " for me", " right now",
    " :)", " quickly", ", would you?", " asap", ", my shift ends soon", " for my slides", ", if you'd be so kind",
    ", that would be great", " - thanks a lot", " for the tumour board", " when you have a moment", ", right?",
    " so the students can see it", ", I have an exam tomorrow", ", it's for a talk", ", thx",
)  # fmt: skip


def voiced(text: str, rng: random.Random, remark: bool = True) -> str:
    """The text in a voice drawn at random; what it means stays. `remark`: courtesy may be put around it."""
    if remark and rng.random() < 0.17:
        text = _remarks(text, rng)
    roll = rng.random()
    if roll < 0.16:
        text = _misspelled(text, rng, rng.choice((1, 1, 1, 2, 2, 3)))
    elif roll < 0.24:
        text = _hurried(text, rng)
    elif roll < 0.29:
        text = _phone(text, rng)
    elif roll < 0.34:
        text = _dictated(text, rng)
    elif roll < 0.40:
        text = _foreign_ear(text, rng)
    return typed(text, rng)


def _remarks(text: str, rng: random.Random) -> str:
    if rng.random() < 0.6:
        text = rng.choice(_BEFORE) + (text if rng.random() < 0.8 else text[:1].lower() + text[1:])
    if rng.random() < 0.45:
        text = text.rstrip(" .?!") + rng.choice(_AFTER)
    return text


def _misspelled(text: str, rng: random.Random, slips: int) -> str:
    """Slips inside longer words; numbers, ids and short words stay."""
    for _ in range(slips):
        spans = [m.span() for m in re.finditer(r"[A-Za-z]{4,}", text)]
        if not spans:
            return text
        start, end = rng.choice(spans)
        word = text[start:end]
        i = rng.randrange(1, len(word) - 1)
        kind = rng.randrange(5)
        if kind == 0:
            word = _swapped(word, i)
        elif kind == 1:
            word = word[:i] + word[i + 1 :]
        elif kind == 2:
            word = word[:i] + word[i] + word[i:]
        elif kind == 3:
            word = word[:i] + rng.choice(_NEAR[word[i].lower()]) + word[i + 1 :]
        else:
            word = word[:-2] + word[-1] + word[-2]
        if word.lower() not in _OTHER_WORDS:
            text = text[:start] + word + text[end:]
    return text


def _swapped(word: str, place: int) -> str:
    """The word with the letter at a place and the one after it the wrong way round."""
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


_OTHER_WORDS = {"makes", "mane", "male", "mean", "omen", "live", "alive", "sever", "bold", "cold", "gold", "fewer"}


def _hurried(text: str, rng: random.Random) -> str:
    """Fingers faster than the head: letters change places in word after word, and a space comes late."""
    share = rng.uniform(0.25, 0.7)

    def slipped(match: re.Match[str]) -> str:
        word = match.group()
        if rng.random() > share:
            return word
        other = _swapped(word, rng.randrange(len(word) - 1))
        return word if other.lower() in _OTHER_WORDS else other

    text = re.sub(r"\b[A-Za-z]{3,}\b", slipped, text)
    if rng.random() < 0.3:
        text = re.sub(
            r"(\w)([a-z]) ([a-z])(?=[a-z]{2})", r"\1 \2\3" if rng.random() < 0.5 else r"\1\2\3 ", text, count=1
        )
    return text.lower() if rng.random() < 0.6 else text


def _phone(text: str, rng: random.Random) -> str:
    for full, short in _PHONE:
        if rng.random() < 0.6:
            text = re.sub(rf"\b{full}\b", short, text, flags=re.IGNORECASE)
    return text.lower().rstrip(".?!")


def _dictated(text: str, rng: random.Random) -> str:
    if rng.random() < 0.3:
        for right, heard in _HEARD:
            if rng.random() < 0.5 and not re.search(r"\bto\b|\bfor\b", text):
                text = re.sub(rf"\b{right}\b", heard, text)
    text = re.sub(r",(?!\d)", " comma" if rng.random() < 0.5 else "", text)
    text = re.sub(r"([?.]) (?=\w)", lambda m: " question mark " if m.group(1) == "?" else " period ", text) \
        if rng.random() < 0.3 else text  # fmt: skip
    end = {"?": " question mark", ".": " period"}.get(text[-1:], "")
    text = text.rstrip("?.") + (end if rng.random() < 0.6 else "") if text else text
    if rng.random() < 0.3:
        text = rng.choice(("uh ", "okay so uh ", "new line ", "next ", "and uh ", "um ")) + text
    return text.lower() if "R" not in text or rng.random() < 0.5 else text


def _foreign_ear(text: str, rng: random.Random) -> str:
    """English of people who speak it second: articles, plurals and word order."""
    kind = rng.randrange(5)
    if kind == 0:
        return re.sub(r"\b(?:the|a|an) ", "", text)
    if kind == 1:
        return re.sub(r"\b(lesion|patient|case)s\b", r"\1", text)
    if kind == 2:
        return re.sub(r"\bin (women|men|patients)\b", rng.choice((r"at \1", r"by \1", r"in the \1")), text)
    if kind == 3:
        return re.sub(r"\b(similar|comparable) (lesion|case)", r"the \1 \2", text, count=1)
    return re.sub(r"\bof\b", "from", text, count=1) if "of them" not in text else text


def typed(text: str, rng: random.Random) -> str:
    """Capitals and full stops, or none."""
    roll = rng.random()
    if roll < 0.38:
        text = text[:1].upper() + text[1:]
        if text[-1:].isalnum() and rng.random() < 0.7:
            text += "?" if re.match(r"(?i)(?:what|how|which|is|are|can|could|why|where|does|do|who)\b", text) else "."
    elif roll < 0.75:
        text = re.sub(r"\bI\b", "i", text) if rng.random() < 0.3 else text
        text = text[:1].lower() + text[1:] if not re.match(r"[RL]\d|I\b", text) else text
    elif roll < 0.86:
        text = text.lower()
    elif roll < 0.87:
        text = text.upper()
    return text
