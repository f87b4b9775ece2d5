"""What people write in their own words, kept from carrying anybody's identity.

No list of patterns can be complete, so it is strict.

The patterns are those that de-identification of free text looks for first (HIPAA Safe Harbor, 45 CFR 164.514(b)(2)):
names, dates, numbers of records and telephones, addresses of mail and web.
"""

import re

from encoder.errors import LesionSearchError

MAX_NOTE_CHARACTERS = 2000
_NAME_WORD = r"[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿ]+|['’][A-ZÀ-Ö][a-zß-öø-ÿ]+)(?:-[A-ZÀ-Ö][a-zß-öø-ÿ]+)?"
_IDENTIFYING = {
    "an e-mail address": re.compile(r"\S+@\S+\.\w+"),
    "a web address": re.compile(r"\b(?:https?://|www\.)\S+", re.I),
    "a unique identifier": re.compile(r"\b\d+(?:\.\d+){4,}\b"),
    "a date": re.compile(
        r"\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b"
        r"|\b\d{1,2}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+\d{2,4}\b"
        r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}\b",
        re.I,
    ),
    "a number of a record": re.compile(
        r"\b(?:mrn|pid|patient[ -]?(?:id|no|number)|record|accession|case[ -]?(?:id|no)|ssn|dob|born)\b"
        r"\W*[\w-]*\d[\w-]*",
        re.I,
    ),
    "a telephone number": re.compile(r"\+?\d[\d ()/-]{7,}\d"),
    "a long number": re.compile(r"\d{5,}|\b(?=\w*[A-Za-z])\w*\d{4,}\w*"),
    "a name": re.compile(
        rf"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Mme|Sig|Sra?|[Pp]atient|[Pp]t|[Nn]ame|[Nn]amed)\b\.?:?\s+(?:{_NAME_WORD})"
        rf"|\b{_NAME_WORD}\^\S+|\b[A-Z]{{2,}}\^\S+|\b{_NAME_WORD},\s+{_NAME_WORD}\b"
    ),
}
_CAPITALISED = re.compile(rf"\b{_NAME_WORD}(?:\s+{_NAME_WORD})+\b")
# what two capitalised words in a row may be beside a name: eponyms and the words that follow them
_MEDICAL_WORDS = """
abdomen abdominal abscess acute adenoma adrenal aneurysm angiomyolipoma arterial benign bile biopsy bone bosniak bowel
breast calcified carcinoma cell cervical chest chronic classic colon computed conn contour contrast crohn ct cushing
cyst cystic differential disease duct enhancement fat fleischner focal follow gland granuloma haemangioma hamartoma
head hemangioma hepatic hepatocellular hippel hodgkin hounsfield kidney klatskin large left lesion liver lobe low
lower lumbar lung lymph lymphoma malignant mass mediastinal mediastinum medullary metastasis metastatic mri neck
necrosis nodal node nodule non note old pancoast pancreas pancreatic pelvic pelvis phase pleural portal primary
pulmonary rectal renal right sarcoma segment series sign similar simple sinus slice small soft solid spine spleen
splenic stage staging stomach syndrome teaching thoracic thorax thyroid tissue tomography tumor tumour type typical
unit units upper venous virchow warthin washout wegener wilms window
"""
_MEDICAL = frozenset(_MEDICAL_WORDS.split())


class NoteError(LesionSearchError):
    """A note is too long, or holds what may identify a person."""


def check_note(text: str) -> str:
    """Return a note with its spaces in order. Raises NoteError where something in it looks like it identifies a person.

    A pair of capitalised words is taken for a name unless one of them is a word of medicine.
    """
    note = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    if len(note) > MAX_NOTE_CHARACTERS:
        raise NoteError(f"The note has {len(note)} characters: keep it to {MAX_NOTE_CHARACTERS}.")
    if not all(character.isprintable() or character == "\n" for character in note):
        raise NoteError("The note holds characters that cannot be shown: type it again.")
    for what, pattern in _IDENTIFYING.items():
        found = pattern.search(note)
        if found:
            raise _refusal(what, found.group())
    for pair in _CAPITALISED.finditer(note):
        words = [word for word in re.split(r"[\s-]+", pair.group().casefold()) if word]
        if not any(word in _MEDICAL for word in words):
            raise _refusal("a name", pair.group())
    return note


def _refusal(what: str, found: str) -> NoteError:
    shown = found if len(found) <= 40 else f"{found[:40]}…"
    return NoteError(
        f"“{shown}” looks like {what}, and a note must not identify anybody: leave it out, or write it another way "
        "if it is none."
    )
