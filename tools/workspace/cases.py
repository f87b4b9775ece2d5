"""From a region to a case of the user's own, and what else is done to own cases: one path for every interface."""

from collections.abc import Sequence
from dataclasses import replace

from encoder.names import NAME_RULE, is_name
from encoder.pack import LesionRow
from tools.atlas.own_cases import CaseContent, CaseError, OwnCase, OwnCases
from tools.domain.facts import CaseChanged, CaseFacts, CasesFacts
from tools.domain.lesions import AtlasLesion
from tools.domain.region import Region
from tools.domain.study import Series, Study
from tools.regions.crop import crop_with_context, field_of_view_mm
from tools.workspace.search import DEMO_SOURCE
from tools.workspace.session import SessionError, Workspace
from tools.workspace.undo import ChangedCase, note_case

SOURCE = "own case"
MAX_LISTED = 50
MAX_SAID = 10  # listed in a sentence


def save_region(
    workspace: Workspace,
    region_id: str,
    lesion_type: str,
    confirmed_by: str | None = None,
    difficulty: str | None = None,
    note: str | None = None,
) -> CaseChanged:
    """Save a region as an own case of some type; the same outline saved again is the same case, with the new words.

    Without a note, what is not said anew of such a case stays; with one (it may be empty) all of it is as given.

    Kept are ROI and context, the record under the patient's key, and the note, which only people read. Raises
    CaseError, NoteError, RegionError, PackError.
    """
    cases = own_cases(workspace)
    session = workspace.session
    region, series, study = session.region(region_id), session.series, session.study
    if study is None:
        raise SessionError("No study is open yet: upload a DICOM file or choose a sample case first.")
    if series.facts.modality != "CT" or series.facts.units != "HU":
        raise CaseError(
            "Only CT in Hounsfield units can be saved as a case: other pixels do not compare with those of an atlas."
        )
    row = _row(study, series, region, cases, known_type(workspace, lesion_type), confirmed_by, difficulty)
    before = cases.content(row.lesion_id) if cases.holds(row.lesion_id) else None
    if before is not None and note is None:
        row = replace(
            row,
            confirmed_by=confirmed_by or before.row.confirmed_by,
            difficulty=difficulty or before.row.difficulty,
        )
        note = before.note
    cases.save([CaseContent(row, crop_with_context(series, region), note or "")])
    note_case(session, ChangedCase(cases, row.lesion_id, before))
    kept = "is saved again" if before else "is saved"
    how = f", confirmed by {row.confirmed_by}" if row.confirmed_by else ""
    return CaseChanged(
        change="saved",
        lesion_id=row.lesion_id,
        lesion_type=row.lesion_type,
        statement=f"{region.region_id} {kept} among your own cases as {row.lesion_type}{how}, under the id "
        f"{row.lesion_id}.",
    )


def list_cases(workspace: Workspace, lesion_types: tuple[str, ...] = (), confirmed_by: str | None = None) -> CasesFacts:
    """List the own cases, of some types or all, however confirmed. Raises CaseError."""
    cases = own_cases(workspace)
    found = cases.cases(lesion_types, confirmed_by)
    atlas = cases.atlas()
    return CasesFacts(
        statement=_listed(found, bool(lesion_types or confirmed_by)),
        cases=tuple(CaseFacts.of(case.lesion, bool(case.note)) for case in found[:MAX_LISTED]),
        total=len(found),
        own_cases=0 if atlas is None else len(atlas),
    )


def edit_case(
    workspace: Workspace,
    lesion_id: str,
    lesion_type: str | None = None,
    confirmed_by: str | None = None,
    difficulty: str | None = None,
) -> CaseChanged:
    """Change what is recorded of an own case: what is None stays as it is. Raises CaseError, PackError."""
    given = {"lesion_type": lesion_type, "confirmed_by": confirmed_by, "difficulty": difficulty}
    changes: dict[str, str | None] = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise CaseError("Nothing was to change: say the type, how it was confirmed, or how difficult it is.")
    if lesion_type is not None:
        changes["lesion_type"] = known_type(workspace, lesion_type)
    return _edited(workspace, lesion_id, None, changes)


def rewrite_case(
    workspace: Workspace,
    lesion_id: str,
    lesion_type: str,
    confirmed_by: str | None,
    difficulty: str | None,
    note: str,
) -> CaseChanged:
    """Record all of an own case anew; what is None or empty is deleted. Raises CaseError, NoteError, PackError."""
    name = known_type(workspace, lesion_type)
    changes = {"lesion_type": name, "confirmed_by": confirmed_by, "difficulty": difficulty}
    return _edited(workspace, lesion_id, note, changes)


def _edited(workspace: Workspace, lesion_id: str, note: str | None, changes: dict[str, str | None]) -> CaseChanged:
    cases = own_cases(workspace)
    before = cases.content(lesion_id)
    case = cases.edit(lesion_id, note, **changes)
    note_case(workspace.session, ChangedCase(cases, lesion_id, before))
    return CaseChanged(
        change="edited", lesion_id=lesion_id, lesion_type=case.lesion.lesion_type, statement=f"{_said(case)}."
    )


def delete_case(workspace: Workspace, lesion_id: str) -> CaseChanged:
    """Delete an own case with its pictures and its note. Raises CaseError."""
    cases = own_cases(workspace)
    gone = cases.delete(lesion_id)
    note_case(workspace.session, ChangedCase(cases, lesion_id, gone))
    return CaseChanged(
        change="deleted",
        lesion_id=lesion_id,
        lesion_type=gone.row.lesion_type,
        statement=f"{lesion_id} is deleted from your own cases.",
    )


def own_cases(workspace: Workspace) -> OwnCases:
    """Give the own cases of a workspace. Raises CaseError where there can be none, QuizError while one is asked for."""
    if workspace.session.quiz is not None:
        workspace.session.quiz.check_told()
    if workspace.atlas.own is None:
        raise CaseError("Own cases are turned off: set LESION_SEARCH_OWN_CASES=on to save and search them.")
    return workspace.atlas.own


def known_type(workspace: Workspace, name: str) -> str:
    """Give a type the spelling that the atlas has, where it has it. Raises CaseError for what may be no name."""
    name = " ".join(name.split())
    if not is_name(name):
        raise CaseError(f"A lesion type needs {NAME_RULE}: write it that way, e.g. adrenal adenoma.")
    spelling = {known.casefold(): known for known in workspace.atlas.types()}
    return spelling.get(name.casefold(), name)


def _row(
    study: Study,
    series: Series,
    region: Region,
    cases: OwnCases,
    lesion_type: str,
    confirmed_by: str | None,
    difficulty: str | None,
) -> LesionRow:
    """Write the record of a region; sizes only where the lesion was outlined, and not the box or a disc."""
    facts, m = series.facts, region.measurement
    measured = region.outline == "measured"
    place = f"{series.series_key} {region.slice_index} {region.box} {region.outline_px}"
    return LesionRow(
        lesion_id=cases.keys.study(place).replace("s-", "own-", 1),
        patient_id=study.patient_key or study.study_key.replace("s-", "p-", 1),
        lesion_type=lesion_type,
        sex=facts.sex,
        age_years=facts.age_years,
        long_axis_mm=m.long_axis_mm if measured else None,
        short_axis_mm=m.short_axis_mm if measured else None,
        body_part=facts.body_part,
        source=DEMO_SOURCE if facts.synthetic else SOURCE,
        study_id=study.study_key,
        pixel_spacing_mm=facts.row_spacing_mm,
        field_of_view_mm=field_of_view_mm(region.box, series.spacing_mm[1:]) if facts.row_spacing_mm else None,
        slice=region.slice_index + 1,
        confirmed_by=confirmed_by,
        difficulty=difficulty,
    )


def _listed(found: Sequence[OwnCase], filtered: bool) -> str:
    """Say how many own cases there are, and the first of them one by one."""
    such = " of that kind" if filtered else ""
    if not found:
        return f"You have no own cases{such} yet: mark a lesion and say, for example, save this as adrenal adenoma."
    lines = [f"You have {len(found)} own case{'s' * (len(found) > 1)}{such}."]
    if len(found) > MAX_SAID:
        lines.append(f"The first {MAX_SAID} by their ids are these.")
    for case in found[:MAX_SAID]:
        lesion = case.lesion
        parts = [lesion.lesion_type or "type not recorded"]
        parts += [f"{lesion.long_axis_mm:.1f} mm"] if lesion.long_axis_mm else []
        parts += [f"confirmed by {lesion.confirmed_by}"] if lesion.confirmed_by else []
        parts += [f"{lesion.difficulty} for learners"] if lesion.difficulty else []
        parts += ["with a note"] if case.note else []
        lines.append(f"- [{lesion.lesion_id}]: {', '.join(parts)}.")
    return "\n".join(lines)


def _said(case: OwnCase) -> str:
    lesion: AtlasLesion = case.lesion
    how = f", confirmed by {lesion.confirmed_by}" if lesion.confirmed_by else ""
    hard = f", {lesion.difficulty} for learners" if lesion.difficulty else ""
    return f"{lesion.lesion_id} is {lesion.lesion_type} now{how}{hard}"
