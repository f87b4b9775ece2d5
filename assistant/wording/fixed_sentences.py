"""Fixed sentences: cautions, refusals, clarification questions, help. None of them rests on evidence."""

from collections.abc import Sequence

from assistant.core.turn_state import TurnState
from assistant.wording.phrases import SEX_NOUN, SEX_PLURAL, counted, listed
from tools.domain.body_regions import is_head
from tools.domain.facts import RegionFacts
from tools.domain.region import Outline
from tools.domain.study_words import DENSITY_DOUBTS
from tools.settings import get_settings

CAUTION = "For research and teaching: likeness to atlas cases, not a diagnosis."
NO_STUDY = (
    "No study is open yet. Upload a CT (DICOM files, a folder or a zip) or pick a sample case, then click the lesion. "
    "Meanwhile I can tell you what the atlas holds or explain a lesion type."
)
NOTHING_FOUND = (
    "I found no place in this series that stands out. Click the lesion or draw a box around it, and I will search "
    "with that."
)
CONTRADICTION = "Those two bounds exclude each other: which of them do you mean?"
NOTHING_TO_UNDO = "There is nothing to undo."
NOTHING_BEFORE = "There is no search before this one to go back to."
WENT_BACK = "Back to the search before."
NOTHING_SEARCHED = "I have not searched yet, so there is nothing to explain. Ask what the lesion looks like first."
NO_HITS_TO_NAME = "The last search found no lesion, so there is none to show. Loosen a filter and search again."
NOT_RECORDED = "The atlas does not record that for these hits."
REAL_ATLAS = "This is the synthetic teaching atlas and your study is real CT, so take the likeness as a demonstration."
REAL_ATLAS_HOW = "`lesion-search index` builds an atlas from real cases."
HIT_LIMIT_NOTE = f"I show at most {get_settings().max_hits} hits."
COMPARE_WITH_WHAT = "Compare with what: a lesion id, or shall I search first and take the closest?"
THANKS = "You are welcome."
NOTED = "Fine. Ask on whenever you like."
ENCODER_SEES = (
    "The encoder sees only the picture around the lesion; sex, age and history play no part in the similarity."
)
CALIBRATED = "The vote is calibrated on atlas patients left out in turn; it is about likeness, not disease."
DATE_NEVER_KEPT = "When a scan was made is never kept: names, dates and hospital are dropped when a file is read."
NO_REGION_TO_PLACE = "No lesion is marked, so there is none to place. Click it, and I will say on which slice it lies."
IN_ENGLISH = "I answer in English, whatever language I am asked in."
NO_REGION = "No region is marked."
NO_OTHER_REGION = "There is no other region, so nothing was deleted."
SAVE_AS_WHAT = "Say as which type it is to be saved, for example: save this as adrenal adenoma."
SAVED_IS_FOUND = "Searches find it from now on; in this study only those of all patients, as it is of this patient."
CHANGE_TO_WHAT = "Say what is to change: the type, how it was confirmed, or how difficult it is."
NOTE_IS_TYPED = "A teaching note is for people: it is read and typed in the page's form of the case, not in the chat."
WHICH_CASE = "Say which of your cases is meant, by its id or by its place in the list of your cases."
TWO_REGIONS = "A distance is between two regions: mark two, and I will measure from one to the other."
WHICH_NAME = "What shall it be called? Put the name in quotes, as in: rename R1 to “left adrenal”."
ONE_SERIES = (
    "This upload holds one series, so there is none to switch to. Another study is opened, or gone back to, with the "
    "button Cases of the page."
)
NO_PRIOR = (
    "This upload holds no earlier examination. Upload both examinations together, and you can switch between them."
)
DECLINED = {
    "treatment": "Treatment is not something I can advise on.",
    "prognosis": "I cannot judge prognosis or course.",
    "malignancy": "I cannot tell cancer from benign: I compare pictures, and the atlas does not record disease.",
    "diagnosis": "I do not make diagnoses: I compare pictures.",
    "next step": "I cannot recommend a next step; that belongs to the treating team.",
    "growth": "I see one study at a time, so I cannot judge change over time.",
    "identity": "I do not know who the patient is: names, dates and hospital are dropped when a file is read.",
    "organ": "I outline and measure marked lesions, not whole organs.",
    "history": "I see the images alone: earlier reports, laboratory values and symptoms are not known to me.",
    "send": "I send nothing anywhere; what I write you can download and pass on yourself.",
    "link": "I have no web links to give or to share.",
    "3d": "I show slices and outline marked lesions; I neither render in 3D nor segment everything.",
    "literature": "I do not search papers or guidelines: I compare pictures with the atlas.",
    "learn": "I do not learn from a conversation; training is a command of its own.",
    "settings": "Accounts, language and fonts are not set in the conversation.",
}
LOSSY_DENSITY = "The images were compressed with loss, so densities may be off."
OUTLINE_NOTES: dict[Outline, str] = {
    "unsure": "The outline is unsure, so its numbers may be far off: if it does not fit, draw a box around the lesion.",
    "box": (
        "Nothing stands out in the box: this is the box itself, not a measured lesion. Draw it closer, or click the "
        "middle of the lesion."
    ),
    "disc": (
        "There is no edge around the click: this is a disc of a fixed size, not a measured lesion. Draw a box around "
        "the lesion."
    ),
}
SEX_OTHER = "The sex is recorded as other."
OFFER = "I can show which atlas lesions it resembles and how sure that is, measure it, or compare it with one case."
OFFER_WITHOUT_STUDY = (
    "I can tell you what the atlas holds, explain a lesion type, or, once a study is open, find look-alikes."
)


def outline_note(r: RegionFacts) -> list[str]:
    """Say what the numbers of a region are of, and what to do, where it is not a lesion that was outlined surely."""
    return [] if r.outline == "measured" else [OUTLINE_NOTES[r.outline]]


def decline(kind: str, state: TurnState) -> str:
    """Decline what is out of scope, and offer something instead."""
    return f"{DECLINED[kind]} {OFFER if state.study else OFFER_WITHOUT_STUDY}"


HELP = """I find atlas lesions that look like yours and say how they compare. You can ask, for example:
- What does this look like?
- Find similar liver lesions in women over 60, smaller than 2 cm, top 5.
- Why? Compare with the closest. Describe #3.
- To mark a lesion, click its middle in the picture, or draw a box around it.
- Measure R1. Volume of R1. HU at column 120, row 96. Suggest regions. Describe the study.
- Show coronal. Put the other series beside it. Bone window. Save a PNG.
- Rename R1 to “left adrenal”. Delete R2. Bring R2 back. Undo.
- What is in the atlas? Explain mediastinal lesions for a student. Quiz me on liver lesions.
- Write a note. Write a report (HTML, JSON or DICOM SR)."""
NOT_UNDERSTOOD = (
    "I did not understand that. I can find similar lesions, measure, compare, describe the study or the atlas, "
    "explain a lesion type and write a report; try “what does this look like?” or “only liver, women over 60”. What "
    "would you like to see?"
)
GREETING_MARKED = "Hello. Your study is open. Ask what the marked lesion looks like, or ask for help."
GREETING_UNMARKED = "Hello. Your study is open. Click a lesion, ask me to suggest regions, or ask for help."


def help_text(state: TurnState) -> str:
    """List what can be asked."""
    return HELP if state.study else f"{HELP}\n\n{NO_STUDY}"


def greeting(state: TurnState) -> str:
    """Greet, with the next step that fits the state."""
    if state.study is None:
        return f"Hello. {NO_STUDY}"
    return GREETING_MARKED if state.regions else GREETING_UNMARKED


def which_region(ids: Sequence[str]) -> str:
    """Ask which of several regions is meant."""
    return f"Which region do you mean: {listed(ids, 'or')}?"


def which_type(types: Sequence[str]) -> str:
    """Ask which lesion type to explain."""
    return (
        f"Which lesion type shall I explain: {listed(types, 'or')}?" if types else "Which lesion type shall I explain?"
    )


def no_lesson(types: Sequence[str]) -> str:
    """Say that the type that was named is not of this atlas, and which can be explained."""
    return (
        f"This atlas has no lesions of that type. I can explain {listed(types, 'or')}." if types else which_type(types)
    )


NOTHING_OF_TYPE = "This atlas has no lesions of that type, so I did not search."
VAGUE_WORDS = (
    "small", "tiny", "little", "large", "big", "huge", "old", "young", "smaller",
    "larger", "bigger", "older", "younger",
)  # fmt: skip


UNKNOWN_OF_PATIENT = {
    "same age": "The file does not say how old the patient is: give me ages, for example “50 to 60”.",
    "same sex": "The file does not say the patient's sex: say women or men.",
}


def how_unclear(word: str) -> str:
    """Ask for the limit that a vague word stands for, or for what the file does not say of the patient."""
    if word in UNKNOWN_OF_PATIENT:
        return UNKNOWN_OF_PATIENT[word]
    examples = {"old": "over 65", "older": "over 65", "young": "under 40", "younger": "under 40"}
    example = examples.get(word, "under 10 mm" if word in ("small", "tiny", "little", "smaller") else "over 30 mm")
    return f"What counts as {word} here? Give me a limit, for example “{example}”."


def what_number(number: str) -> str:
    """Ask what a bare number stands for."""
    return f"What does {number} stand for: an age, a size in mm, or a number of hits?"


def fixed_texts() -> tuple[str, ...]:
    """Return every sentence that needs no evidence, and could be given none."""
    return (
        LOSSY_DENSITY, SEX_OTHER, *DENSITY_DOUBTS.values(), *OUTLINE_NOTES.values(),
        NOTHING_OF_TYPE,
        CAUTION, NO_STUDY, NOTHING_FOUND, NOTHING_SEARCHED, NOTHING_TO_UNDO, NOTHING_BEFORE, WENT_BACK, CONTRADICTION,
        NO_HITS_TO_NAME, NOT_RECORDED, REAL_ATLAS, REAL_ATLAS_HOW, THANKS, NOTED, HELP,
        *NOT_YET.values(), *UNMET.values(), *NO_FILTER.values(), *UNKEPT.values(), HIT_LIMIT_NOTE, COMPARE_WITH_WHAT,
        NOT_UNDERSTOOD, GREETING_MARKED, GREETING_UNMARKED, f"Hello. {NO_STUDY}", OFFER, OFFER_WITHOUT_STUDY,
        ENCODER_SEES, DATE_NEVER_KEPT, NO_REGION_TO_PLACE, NO_REGION, NO_OTHER_REGION,
        TWO_REGIONS, WHICH_NAME, IN_ENGLISH, ONE_SERIES,
        SAVE_AS_WHAT, SAVED_IS_FOUND, CHANGE_TO_WHAT, NOTE_IS_TYPED, WHICH_CASE,
        NO_PRIOR,
        CALIBRATED, *DECLINED.values(), *(how_unclear(w) for w in (*VAGUE_WORDS, *UNKNOWN_OF_PATIENT)),
    )  # fmt: skip


def no_such_region(name: str, ids: Sequence[str]) -> str:
    """Say that a region does not exist, and which do."""
    known = f"There is {listed(ids)}." if ids else "None is marked yet."
    return f"There is no region {name}. {known}"


def no_such_hit(n: int, total: int) -> str:
    """Say that a rank is beyond the last hit."""
    return f"There is no hit {n}: the last search has {counted(total, 'hit')}."


def no_such_type(types: Sequence[str]) -> str:
    """Say that the atlas does not have the type that was named, and which it has."""
    known = f"Its types are {listed(types)}." if types else "Its lesions carry no types."
    return f"{NOTHING_OF_TYPE} {known}"


NOT_YET = {
    "window": "A display window has a width and a level in HU: say both, e.g. W 400 L 40, or name one, such as lung.",
    "show": "I can show and hide outlines, labels and rulers; everything else has its own button beside the picture.",
    "report": "I write reports as HTML, text, Markdown, JSON, DICOM SR or DICOM SEG; the HTML one prints well and "
    "can be saved as PDF.",
    "export": "I save the view as a PNG and write reports; other exports do not exist yet.",
}
NOT_YET |= {
    "hide": NOT_YET["show"],
    "units": "Lengths are given in mm: 10 mm are 1 cm, and 100 mm² are 1 cm².",
    "edges": "A distance is between the middles of two regions; from edge to edge a ruler of the viewer measures.",
    "undo view": "How the picture is shown is not undone in words: name the slice or the window that you want. “Undo "
    "the deletion” or “undo the filter” take those back.",
    "other study": "Another study is opened, or gone back to, with the button Cases of the page.",
    "age of hit": "No hit of the last search is of a patient of that age.",
    "own words": "I write what was measured and found: your own words are not in it. A region is given a name with "
    "“rename R1 to …”, and a case that you save takes a teaching note.",
    "redo": "There is no redo: what was undone is done again by hand, and “undo” brings back what was deleted.",
    "data": "What you upload is kept for your visit and deleted after it, and no other visitor sees it; names, dates "
    "and hospital are dropped when a file is read. Only a case that you save yourself stays.",
    "quiz buttons": "The quiz has its own buttons, above the case: one copies its link for a class, the × ends it.",
    "deletion": "Nothing is deleted. Say “delete R1” for a region, or “delete my first case” for one of your own "
    "cases; “undo” brings either back.",
}
UNKEPT = {
    "organ": "I do not know where an organ begins and ends, so I could not look in that one alone: this is about the "
    "whole series.",
    "nodes": "I cannot tell a lymph node from what lies around it, or whether one is enlarged, so that could not be a "
    "condition: this is about the whole series.",
}
UNMET = {
    "disease": "The atlas does not record whether a lesion is benign or malignant, so that could not be a filter.",
    "place": "The atlas records no finer place than the type, so that could not be a filter.",
    "history": "The atlas records nothing of the patients' histories, so that could not be a filter.",
    "date": "The atlas records no dates, so that could not be a filter.",
    "image": "The atlas does not record how its images were made, so that could not be a filter.",
    "other": "The atlas does not record that, so it could not be a filter.",
}

NO_FILTER = {  # of the words of a message, which the network has none for
    "proof": "How a diagnosis was confirmed is recorded for your own cases only, so it could not be a filter.",
    "pixel": "A search starts from a marked lesion: click the place in the picture, or draw a box, and ask again.",
    "similarity": "Similarity is no filter: the hits come in its order, and each shows its own.",
}


def next_questions(state: TurnState, tools: Sequence[str]) -> tuple[str, ...]:
    """Suggest up to three next questions that fit the state, given the tools the last turn called."""
    if state.study is None:
        return ("What is in the atlas?", "Explain liver lesions", "What can you do?")
    search = state.searches[0].facts if state.searches else None
    if search is None or not search.hits:
        no_places = is_head(state.study.body_part or state.study.body_part_seen)
        mark = "What does this look like?" if state.regions else "What can you do?" if no_places else "Suggest regions"
        return (mark, "Describe the study", "What is in the atlas?")
    leader = search.votes[0].lesion_type if search.votes and search.confidence != "none" else None
    mixed = any(h.lesion_type != leader for h in search.hits)
    ideas = ["Compare with the closest"] if "compare_lesion" not in tools else ["Describe the second hit"]
    if leader and mixed and not search.filters.lesion_types:
        ideas.append(f"Only {leader}")
    elif leader and "explain_lesion_type" not in tools:
        ideas.append(f"Explain {leader} lesions")
    if state.study.sex in SEX_NOUN and not search.filters.sex:
        ideas.append(f"Only {SEX_PLURAL[state.study.sex]}")
    ideas += ["Why?", "Write a report"]
    return tuple(ideas[:3])
