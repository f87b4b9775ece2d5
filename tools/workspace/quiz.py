"""A quiz in a session: a case is opened without its type, hints and answers are taken, then everything is shown."""

import secrets
from collections.abc import Sequence

import numpy as np

from tools.atlas.searchable import SearchableAtlas
from tools.domain.facts import SearchFacts, Stated
from tools.domain.lesions import AtlasLesion
from tools.domain.number_words import likeness, number, percent, size
from tools.domain.quiz import CASES, MAX_CASES, MAX_HINTS, Quiz, QuizAnswer, QuizError, QuizPlan
from tools.domain.region import OUTLINE_WORDS, Region
from tools.workspace.quiz_cases import ShownCase, make_quiz
from tools.workspace.search import DEMO_SOURCE, search_region
from tools.workspace.session import Session, SessionError, Workspace

SEED_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is read as another
SIZE_BAND = 0.25  # lesions that are this much larger or smaller are of one size
MIN_SIZES = 10  # of a type, to say what is usual
USUAL = (10, 90)  # percentiles between which a size is usual for a type
_TISSUES = (  # upper end in HU, and what has such values (Hounsfield scale)
    (-600, "air"), (-200, "air beside tissue, as in ground glass"), (-30, "fat"), (0, "fat beside fluid"),
    (20, "fluid"), (90, "soft tissue"), (200, "enhancing tissue, blood, or fine calcification"),
)  # fmt: skip


def new_seed() -> str:
    """Draw a seed that can be read aloud."""
    return "".join(secrets.choice(SEED_CHARACTERS) for _ in range(6))


def order_quiz(workspace: Workspace, types: Sequence[str] = (), n: int | None = None) -> Stated:
    """Order a quiz, which the page opens beside what is on the screen. Raises QuizError where there are no cases."""
    if n is not None and not 1 <= n <= MAX_CASES:
        raise QuizError(f"A quiz has 1 to {MAX_CASES} cases, not {n}.")
    plan = QuizPlan(quiz=new_seed(), n=n or CASES, types=tuple(types))
    quiz = make_quiz(workspace.atlas, plan)
    workspace.session.ordered_quiz = plan
    workspace.session.revision += 1
    count = len(quiz.cases)
    about = f"with the answers {', '.join(quiz.options[:-1])} and {quiz.options[-1]}"
    return Stated(
        statement=f"A quiz of {count} case{'s' * (count > 1)} is ready, {about}. "
        f"The link /?{plan.query()} gives everybody the same cases in the same order."
    )


def begin_case(workspace: Workspace, shown: ShownCase) -> None:
    """Mark the lesion of a case whose study was just opened. Raises RegionError."""
    session, quiz = workspace.session, running(workspace.session)
    quiz.described, quiz.mark = shown.told, (shown.slice_index, shown.box)
    quiz.region_id = session.add_box(*quiz.mark).region_id
    if quiz.plan.presentation == "known":
        tell(workspace)


def next_hint(workspace: Workspace) -> str:
    """Work out a further hint and keep it with the case. Raises QuizError where there is none left."""
    session, quiz = workspace.session, running(workspace.session)
    if not quiz.hidden:
        raise QuizError("The type of this case is told already: go on to the next one.")
    if len(quiz.hints) >= MAX_HINTS:
        raise QuizError("There is no further hint: choose a type, or give up with “what is the truth?”.")
    hint = (
        _measured(_marked(session), session.series.facts.units),
        _by_size(workspace.atlas, quiz),
        _two_left(quiz),
    )[len(quiz.hints)]
    quiz.hints.append(hint)
    session.revision += 1
    return hint


def answer_case(workspace: Workspace, chosen: str | None, sureness: float | None) -> QuizAnswer:
    """Take an answer, None for giving up, and show what it was. Raises QuizError."""
    answer = running(workspace.session).record(chosen, sureness)
    tell(workspace, chosen)
    return answer


def show_hits(workspace: Workspace) -> None:
    """Show hits and votes of the case, a presenter's step before the truth."""
    quiz = running(workspace.session)
    if quiz.hidden:
        quiz.told = "hits"
        _searched(workspace)


def tell(workspace: Workspace, chosen: str | None = None) -> None:
    """Tell the type of the case, and what spoke for it and against it."""
    quiz = running(workspace.session)
    quiz.told = "truth"
    quiz.reasons = reasons(workspace.atlas, quiz.case.lesion, _searched(workspace), chosen)


def running(session: Session) -> Quiz:
    """Give the quiz of a session. Raises QuizError where there is none."""
    if session.quiz is None:
        raise QuizError("No quiz is running: say, for example, quiz me on liver lesions.")
    return session.quiz


def truth_of(workspace: Workspace) -> str:
    """Tell the true type of a teaching case, or of a study that own cases were saved from. Raises SessionError.

    Within a quiz that gives the case up. Of any other study nothing is known.
    """
    session, atlas = workspace.session, workspace.atlas
    if session.quiz is not None and not session.quiz.over:
        if session.quiz.told != "truth":
            answer_case(workspace, None, None)
        return f"This case is recorded as {session.quiz.case.lesion_type}."
    study = session.study
    if study is None:
        raise SessionError("No study is open yet: upload a DICOM file or choose a sample case first.")
    known = [
        lesion
        for lesion in atlas.lesions()
        if lesion.study_key == study.study_key and lesion.lesion_type and _is_teaching(atlas, lesion)
    ]
    if not known:
        raise SessionError(
            "The truth is known of teaching cases only, and this is none of them: I can say what it resembles, and how "
            "sure that is."
        )
    lines = [
        f"{lesion.lesion_type} on slice {lesion.slice}"
        + (f" ({size(lesion.long_axis_mm)})" * bool(lesion.long_axis_mm))
        for lesion in sorted(known, key=lambda lesion: lesion.slice or 0)
    ]
    return f"This teaching case holds {len(known)} lesion{'s' * (len(known) > 1)}: {'; '.join(lines)}."


def reasons(
    atlas: SearchableAtlas, lesion: AtlasLesion, found: SearchFacts, chosen: str | None = None
) -> tuple[tuple[bool, str], ...]:
    """List what spoke for the true type (True) and what against it: hits, votes, likeness, size."""
    true = lesion.lesion_type or ""
    told: list[tuple[bool, str]] = []
    own = [hit for hit in found.hits if hit.lesion_type == true]
    others = [hit for hit in found.hits if hit.lesion_type != true]
    if found.hits:
        told.append((len(own) > len(others), f"{len(own)} of the {len(found.hits)} most similar lesions are {true}."))
    if found.votes:
        shares = {vote.lesion_type: vote.probability for vote in found.votes}
        first = found.votes[0].lesion_type
        beside = "" if first == true else f", and {first} {percent(shares[first])}"
        told.append((first == true, f"The votes give {true} {percent(shares.get(true, 0))}{beside}."))
    if own and others:
        closest = (
            f"The closest {true} lesion has a similarity of {likeness(own[0].similarity)}, the closest of another "
            f"type ({others[0].lesion_type}) {likeness(others[0].similarity)}."
        )
        told.append((own[0].rank < others[0].rank, closest))
    sizes = [other.long_axis_mm for other in atlas.lesions() if other.lesion_type == true and other.long_axis_mm]
    if lesion.long_axis_mm and len(sizes) >= MIN_SIZES:
        low, high = (float(bound) for bound in np.percentile(sizes, USUAL))
        usual = f"most {true} lesions of the atlas have {number(low)} to {number(high)} mm"
        told.append((low <= lesion.long_axis_mm <= high, f"It is {number(lesion.long_axis_mm)} mm long; {usual}."))
    if chosen is not None and chosen != true:
        alike = sum(hit.lesion_type == chosen for hit in found.hits)
        told.append((alike == 0, f"Of your answer, {chosen}, there are {alike} among the hits."))
    return tuple(told)


def _searched(workspace: Workspace) -> SearchFacts:
    """Search the marked lesion, of the study as its file describes it."""
    session, quiz = workspace.session, running(workspace.session)
    session.study = quiz.described
    return search_region(workspace, _marked(session).region_id)


def _marked(session: Session) -> Region:
    """Give the region of the case's lesion, made anew where the learner has deleted it."""
    quiz = running(session)
    found = session.wherever(quiz.region_id)
    if found is None and quiz.mark is not None:
        found = session.add_box(*quiz.mark)
        quiz.region_id = found.region_id
    assert found is not None  # open_case has marked it
    return found


def _measured(region: Region, units: str) -> str:
    m = region.measurement
    axes = size(m.long_axis_mm, m.short_axis_mm)
    told = f"{region.region_id} measures {axes}. " if axes else ""
    if region.outline != "measured":
        told += f"Mind that {OUTLINE_WORDS[region.outline]}. "
    if units != "HU":
        return f"{told}The picture holds no Hounsfield units, so its density says nothing."
    tissue = next((name for limit, name in _TISSUES if m.mean_hu < limit), "bone, calcification or metal")
    return f"{told}Its mean density is {round(m.mean_hu)} HU: the range of {tissue}."


def _by_size(atlas: SearchableAtlas, quiz: Quiz) -> str:
    long_mm = quiz.case.lesion.long_axis_mm
    alike = [
        other.lesion_type
        for other in atlas.lesions()
        if long_mm and other.lesion_type in quiz.options and other.long_axis_mm
        and abs(other.long_axis_mm / long_mm - 1) <= SIZE_BAND
    ]  # fmt: skip
    if not alike:
        return "The size of this lesion is not recorded: look at its margin, its density, and what lies around it."
    shares = sorted(((alike.count(name) / len(alike), name) for name in quiz.options), reverse=True)
    told = ", ".join(f"{name} {percent(share)}" for share, name in shares)
    return f"Of the lesions about as large in the atlas are: {told}. Size alone seldom decides."


def _two_left(quiz: Quiz) -> str:
    case = quiz.case
    other = case.lookalike if case.lookalike in quiz.options else next(o for o in quiz.options if o != case.lesion_type)
    first, second = sorted((case.lesion_type, other))
    return f"It is one of two: {first} or {second}."


def _is_teaching(atlas: SearchableAtlas, lesion: AtlasLesion) -> bool:
    return lesion.source == DEMO_SOURCE or (atlas.own is not None and atlas.own.holds(lesion.lesion_id))
