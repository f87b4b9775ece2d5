"""How people name lesion types, sexes and patients, with what it means in the call language; and a pocket grammar.

`(show|give) me {lesions}( please|)` says four things, `{…}` stands for a row of a table.
"""

import random
import re
from collections.abc import Mapping, Sequence

from tools.domain.lesions import DEEPLESION_TYPES

# type -> adjectives, places, things that are of this type
TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "bone": (
        ("bone", "bony", "osseous", "skeletal", "vertebral", "rib", "spinal", "bone", "lytic bone", "sclerotic bone"),
        ("the bone", "bones", "the bones", "bone", "the spine", "the ribs", "a vertebra", "the skeleton", "the femur",
         "the sacrum", "the sternum", "vertebrae"),
        ("bone lesions", "bone mets", "vertebral metastases", "rib lesions", "lytic lesions", "sclerotic lesions",
         "spine lesions", "vertebral lesions"),
    ),
    "abdomen": (
        ("abdominal", "abdomen", "abdominal", "pancreatic", "splenic", "adrenal", "peritoneal", "mesenteric",
         "retroperitoneal", "intra-abdominal", "gastric", "bowel"),
        ("the abdomen", "abdomen", "the belly", "the spleen", "the pancreas", "the adrenals", "the adrenal glands",
         "the mesentery", "the retroperitoneum", "the stomach", "the colon", "the gallbladder", "the peritoneum"),
        ("abdominal lesions", "adrenal nodules", "pancreatic masses", "splenic lesions", "mesenteric masses",
         "peritoneal implants", "retroperitoneal nodes"),
    ),
    "mediastinum": (
        ("mediastinal", "mediastinum", "mediastinal", "hilar", "thymic", "subcarinal", "paratracheal", "hilar"),
        ("the mediastinum", "mediastinum", "the hilum", "the hila", "the thymus", "the mediastinum or hilum"),
        ("mediastinal nodes", "hilar lymph nodes", "mediastinal masses", "hilar nodes", "thymomas",
         "mediastinal lymph nodes", "nodes in the mediastinum"),
    ),
    "liver": (
        ("liver", "hepatic", "liver", "hepatic", "intrahepatic", "hepatocellular"),
        ("the liver", "liver", "livers", "the right lobe of the liver", "the hepatic parenchyma"),
        ("liver lesions", "hepatic masses", "liver mets", "liver metastases", "liver cysts", "haemangiomas", "HCCs",
         "liver tumours", "hepatic lesions"),
    ),
    "lung": (
        ("lung", "pulmonary", "lung", "pulmonary", "pulm", "intrapulmonary", "ground-glass"),
        ("the lung", "the lungs", "lung", "lungs", "the right lung", "the upper lobe of the lung", "lung tissue"),
        ("lung nodules", "pulmonary nodules", "lung lesions", "lung mets", "GGOs", "lung tumours", "nodules in the lung"),
    ),
    "kidney": (
        ("kidney", "renal", "kidney", "renal", "renal cell"),
        ("the kidney", "the kidneys", "kidney", "kidneys", "the left kidney", "the renal cortex"),
        ("kidney lesions", "renal masses", "renal cysts", "kidney tumours", "RCCs", "renal lesions", "angiomyolipomas"),
    ),
    "soft tissue": (
        ("soft tissue", "soft-tissue", "subcutaneous", "muscle", "intramuscular", "chest wall", "cutaneous", "breast",
         "axillary", "body wall"),
        ("the soft tissue", "soft tissue", "soft tissues", "the muscle", "the muscles", "the chest wall", "the axilla",
         "the abdominal wall", "the breast", "the skin", "the subcutis"),
        ("soft tissue lesions", "subcutaneous nodules", "lipomas", "muscle metastases", "sarcomas",
         "soft-tissue masses", "axillary nodes"),
    ),
    "pelvis": (
        ("pelvic", "pelvis", "pelvic", "adnexal", "ovarian", "uterine", "bladder", "prostatic", "rectal", "iliac"),
        ("the pelvis", "pelvis", "the bladder", "the ovary", "the ovaries", "the uterus", "the prostate", "the rectum",
         "the adnexa", "the bladder wall"),
        ("pelvic lesions", "pelvic masses", "adnexal masses", "ovarian cysts", "bladder lesions", "uterine masses",
         "pelvic nodes"),
    ),
}  # fmt: skip
# the plain names, for lists and for what is left out
NAMES: dict[str, tuple[str, ...]] = {
    "bone": ("bone", "bones", "bony ones", "vertebral ones", "osseous", "skeletal", "rib", "spine"),
    "abdomen": ("abdomen", "abd", "splenic ones", "abdominal", "abdominal ones", "belly", "spleen", "pancreas",
        "adrenal", "tummy"),
    "mediastinum": ("mediastinum", "mediast", "mediastinal nodes", "mediastinal", "mediastinal ones", "hilar", "hilum",
        "thymic"),
    "liver": ("liver", "livers", "hepatic", "liver", "hepatic ones", "liver ones"),
    "lung": ("lung", "lungs", "pulmonary", "pulm", "lung ones", "pulmonary ones"),
    "kidney": ("kidney", "kidneys", "renal", "kidney", "kidney ones", "renal ones"),
    "soft tissue": ("soft tissue", "subcut", "soft-tissue", "muscle", "subcutaneous", "soft tissue ones"),
    "pelvis": ("pelvis", "pelvic", "pelvic ones", "bladder", "adnexal", "ovarian"),
}  # fmt: skip
TYPE_NAMES = DEEPLESION_TYPES  # their order decides which sentences a seed draws

# -- people ------------------------------------------------------------------------------------------------------------
FEMALE = (
    "women", "women", "female patients", "females", "ladies", "lady patients", "woman", "womens", "girls", "female",
)  # fmt: skip
MALE = ("men", "men", "male patients", "males", "gentlemen", "guys", "gents", "man", "mens", "boys", "male", "fellows")
ANYBODY = ("patients", "patients", "people", "persons", "pts", "individuals", "folks", "adults aged", "those", "cases")
_CHOICE = re.compile(r"\(([^()]*)\)")
_NAME = re.compile(r"\{(\w+)\}")


def say(pattern: str, rng: random.Random, tables: Mapping[str, Sequence[str]], **slots: str) -> str:
    """One random sentence of a pattern. Slots are put in last, so that their text is never read as a pattern."""
    while match := _NAME.search(pattern):
        name = match.group(1)
        text = f"\x01{name}\x02" if name in slots else rng.choice(tables[name])
        pattern = pattern[: match.start()] + text + pattern[match.end() :]
    while match := _CHOICE.search(pattern):
        pattern = pattern[: match.start()] + rng.choice(match.group(1).split("|")) + pattern[match.end() :]
    text = re.sub(r"\x01(\w+)\x02", lambda m: slots[m.group(1)], pattern)
    return re.sub(r"\s+", " ", re.sub(r"\s+([,.?!;:])", r"\1", text)).strip()


def people(sex: str, rng: random.Random) -> str:
    return rng.choice(FEMALE if sex == "F" else MALE)


# -- which patients ----------------------------------------------------------------------------------------------------
SCOPES: dict[str, tuple[str, ...]] = {
    "same": ("from the same patient", "in the same patient", "same patient", "of this patient", "within this patient",
             "in this patient only", "same pt", "this patient only", "from this patient's other scans",
             "in his own earlier studies", "in her prior scans", "only from this person", "of the same person",
             "in the patient's own history", "from the same patient only", "same patient only", "this pt only",
             "in prior exams of this patient", "intra-patient", "on earlier scans of this patient"),
    "other": ("from other patients", "in other patients", "other patients", "from other patients only",
              "in different patients", "from someone else", "not from this patient", "excluding this patient",
              "leaving this patient out", "without this patient", "other patients only", "in anybody else",
              "cross-patient", "but not of this patient", "among other people", "from strangers", "other pts"),
    "all": ("from all patients", "in all patients", "across all patients", "everyone included", "in everyone",
            "all patients", "including this patient", "this patient included", "from everybody", "everyone",
            "all patients, this one too", "including the same patient", "regardless of patient", "from any patient",
            "own patient included", "incl. same pt", "in the whole atlas, this patient too", "scope everyone"),
}  # fmt: skip


def joined(names: Sequence[str], rng: random.Random, word: str | None = None) -> str:
    """ "a", "a and b", "a, b or c"."""
    word = word or rng.choice(("and", "and", "or", "or", "&"))
    if len(names) < 2:
        return names[0]
    if rng.random() < 0.12:
        return rng.choice((", ", "/", " + ")).join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def names_of(types: Sequence[str], rng: random.Random) -> list[str]:
    return [rng.choice(NAMES[t]) for t in types]


def some_types(rng: random.Random, most: int = 3) -> tuple[str, ...]:
    count = rng.choices(range(1, most + 1), weights=(78, 16, 6, 2)[:most])[0]
    return tuple(rng.sample(TYPE_NAMES, count))


def pick(pattern: str, rng: random.Random, **slots: str) -> str:
    """A sentence of a pattern without tables."""
    return say(pattern, rng, {}, **slots)
