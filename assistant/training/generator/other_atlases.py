"""Sentences moved into another atlas: its types, drawn anew, stand where the sentence named DeepLesion's.

A reader that has only seen eight names knows eight names; one that has seen the same requests with any names learns where
names stand. Part of the types drawn are made up, so that no word helps.
"""

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.scenes import Fields
from assistant.understanding.call_language import UNKNOWN_TYPE, ParsedCall
from assistant.understanding.type_mentions import find_types, spelled_out
from assistant.understanding.type_words import ORGAN_WORDS, SAME_PART, TYPE_WORDS

MADE_UP = 0.2  # share of the types of an atlas that mean nothing
ATLASES = 600  # that sentences are moved into
UNKNOWN = 0.06  # share of the sentences with types in which one of them is none of the atlas
KINDS = (
    "hepatic cyst", "hepatic adenoma", "hemangioma", "focal nodular hyperplasia", "hepatocellular carcinoma", "HCC",
    "liver metastasis", "cholangiocarcinoma", "renal cyst", "renal cell carcinoma", "RCC", "angiomyolipoma", "oncocytoma",
    "adrenal adenoma", "adrenal metastasis", "pheochromocytoma", "pancreatic cyst", "pancreatic tumor", "pseudocyst",
    "splenic lesion", "splenic infarct", "ground-glass nodule", "solid nodule", "part-solid nodule", "granuloma",
    "hamartoma", "pulmonary metastasis", "consolidation", "cavity", "bulla", "lymph node", "mediastinal mass", "thymoma",
    "teratoma", "goiter", "thyroid nodule", "lipoma", "sarcoma", "schwannoma", "neurofibroma", "abscess", "hematoma",
    "seroma", "hernia", "aneurysm", "thrombus", "bone metastasis", "bone island", "lytic lesion", "sclerotic lesion",
    "osteoma", "enchondroma", "fracture", "vertebral metastasis", "ovarian cyst", "fibroid", "uterine mass",
    "prostate nodule", "bladder tumor", "polyp", "diverticulum", "peritoneal implant", "mesenteric mass", "desmoid tumor",
    "lymphoma", "pleural plaque", "pleural effusion", "mesothelioma", "carcinoid", "breast mass", "calcification", "cyst",
    "adenoma", "metastasis", "infarct", "atelectasis", "pneumonia", "glioma", "meningioma", "soft tissue mass", "FNH",
    "axillary node", "inguinal node", "hilar node", "retroperitoneal node", "chest wall mass", "muscle metastasis",
    "simple cyst", "complex cyst", "dermoid", "cavernoma", "sclerosis", "stone", "nephroblastoma", "neuroblastoma",
    "foot", "hand", "knee", "hip", "shoulder", "skull", "head and neck", "upper abdomen", "thorax", "extremity",
)  # fmt: skip
# a kind of lesion is a noun: "liver lesions" become "adenoma lesions", or simply "adenomas"
_NOUN = re.compile(
    r"[ -](lesions?|nodules?|mass(?:es)?|ones|tumou?rs?|findings?|cysts?|mets|metastas[ei]s|cases)\b", re.I
)
_NOT_ANATOMY = re.compile(r" (?:window|windows|setting|settings|kernel|algorithm|filter|recon\w*|preset|view)\b", re.I)


@cache
def _atlas(number: int) -> tuple[str, ...]:
    """Draw one of a fixed number of atlases: to know the words of a new one takes longer than all else."""
    return drawn_atlas(random.Random(number))


def drawn_atlas(rng: random.Random) -> tuple[str, ...]:
    """Draw the types of an atlas: organs, kinds of lesions, both, or nothing anybody knows."""
    pool = rng.choice((KINDS, (*ORGAN_WORDS, *TYPE_WORDS), (*KINDS, *ORGAN_WORDS, *TYPE_WORDS)))
    names: dict[str, None] = {}
    for _ in range(rng.randint(4, 10)):
        name = _made_up(rng) if rng.random() < MADE_UP else rng.choice(pool)
        if rng.random() < 0.08:
            name = rng.choice((name.title(), name.upper(), name.replace(" ", "-"), name.capitalize()))
        if not any(name.casefold() == other.casefold() for other in names):
            names[name] = None
    return tuple(sorted(names))


def moved(
    text: str, said: Sequence[ParsedCall], filters: Fields, rng: random.Random
) -> tuple[str, list[ParsedCall], Fields, tuple[str, ...]] | None:
    """Move a sentence of DeepLesion's types into a drawn atlas: the text, its calls, the state's filters, the types.

    None where a type is said in other words than `find_types` knows.
    """
    mentions = [m for m in find_types(text.lower(), ph.TYPE_NAMES) if m.name != UNKNOWN_TYPE]
    meant = {t for call in said for value in (call.types, call.without, call.add) if value for t in value.split("+")}
    meant -= {UNKNOWN_TYPE}
    told = {t for key in ("in", "not") if filters.get(key) for t in filters[key].split("+")}
    if not meant <= {m.name for m in mentions} or len(text) != len(text.lower()):
        return None
    types = _atlas(rng.randrange(ATLASES))
    old = sorted(meant | told)
    if len(old) >= len(types):
        return None
    new = dict(zip(old, rng.sample(types, len(old)), strict=True))
    left = [name for name in sorted(meant - told) if rng.random() < UNKNOWN]
    unknown = unknown_words(types) if left else ()
    if unknown:
        new[left[0]] = UNKNOWN_TYPE
    for mention in reversed(mentions):
        if mention.name in new and not _NOT_ANATOMY.match(text[mention.end :]):
            name, end = new[mention.name], mention.end
            said_as = rng.choice(unknown) if name == UNKNOWN_TYPE else rng.choice(ways_to_name(name, types))
            many = text[mention.start : end].endswith("s")
            if (noun := _NOUN.match(text[end:])) is not None and rng.random() < 0.5:
                end, many, said_as = end + noun.end(), noun[1].endswith("s"), name if name != UNKNOWN_TYPE else said_as
            if many and name != UNKNOWN_TYPE and said_as[-1].lower() not in "shxyz" and (noun or rng.random() < 0.5):
                said_as += "s"
            text = text[: mention.start] + said_as + text[end:]
    calls = [
        call.model_copy(update={
            field: renamed(getattr(call, field), new) for field in ("types", "without", "add") if getattr(call, field)
        })
        for call in said
    ]  # fmt: skip
    told_now = {key: renamed(value, new) if key in ("in", "not") else value for key, value in filters.items()}
    return text, calls, told_now, types


def renamed(joined: str, names: Mapping[str, str]) -> str:
    """Rename the types of a list joined with `+`; types that have no new name stay."""
    return "+".join(dict.fromkeys(names.get(name, name) for name in joined.split("+")))


@lru_cache(maxsize=4096)
def ways_to_name(name: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """List ways to name a type of an atlas, the plain name most often; each is found as that type and as no other."""
    low = name.lower()
    ways = [low, low, low, f"{low}s", f"{low}s", low.replace("-", " "), name]
    parts = low.split()
    if len(parts) > 1:
        ways += [parts[-1], f"{parts[-1]}s", "".join(part[0] for part in parts)]
    for same in SAME_PART:
        ways += [re.sub(rf"\b{one}\b", other, low) for one in same for other in same if re.search(rf"\b{one}\b", low)]
    ways += [word for table in (ORGAN_WORDS, TYPE_WORDS) for row in table.get(low, ()) for word in spelled_out(row)]
    found = tuple(way for way in ways if [m.name for m in find_types(way.lower(), types)] == [name])
    return found or (name,)


@lru_cache(maxsize=512)
def unknown_words(types: tuple[str, ...]) -> tuple[str, ...]:
    """List words of anatomy that name no type of an atlas."""
    tables = (*ORGAN_WORDS.values(), *TYPE_WORDS.values())
    words = [word for rows in tables for row in rows for word in spelled_out(row)]
    return tuple(w for w in words if [m.name for m in find_types(w, types)] == [UNKNOWN_TYPE])


_ONSETS = (
    "b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "gl", "kr", "pl", "st", "tr",
    "qu", "x",
)  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_ENDS = ("", "n", "l", "x", "t", "ma", "rid", "sk")


def _made_up(rng: random.Random) -> str:
    def word() -> str:
        syllables = (rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(rng.randint(2, 3)))
        return "".join(syllables) + rng.choice(_ENDS)

    return word() if rng.random() < 0.75 else f"{word()} {rng.choice((word(), 'nodule', 'lesion', 'cyst', 'mass'))}"
