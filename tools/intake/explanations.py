"""Every sentence of intake: what happened, why, what to do. No value, name or path of a file is ever part of one."""

from collections import defaultdict
from collections.abc import Iterable

from tools.intake.messages import Note, Reason

LISTED = 5  # file numbers named before "and n more"

_TOO_MANY_SLICES = (
    "there are more slices than can be held, so those around the middle were read; send fewer to see the others"
)
LEFT_OUT: dict[Reason, str] = {
    Reason.EMPTY: "nothing is in it; copy or download it again",
    Reason.NOT_DICOM: "not a DICOM file; send .dcm images, or a folder or zip of them",
    Reason.PICTURE: "a picture without Hounsfield units or a scale; send the DICOM images that it was made from",
    Reason.OTHER_VOLUME: "a volume in a format that is not opened (NRRD, MetaImage, HDF5, NumPy); send the DICOM "
    "images, or the volume as NIfTI",
    Reason.CUT: "it breaks off before its image is complete; copy or export it again",
    Reason.SIZE_LIES: "the size it states does not fit the image in it; export it again from its source",
    Reason.NESTED: "its header is nested deeper than any real image; export it again from its source",
    Reason.SYNTAX: "its compression (transfer syntax) is not supported; export it uncompressed or as JPEG 2000",
    Reason.DAMAGED: "it is damaged and its image cannot be decoded; export it again from its source",
    Reason.BAD_RESCALE: "its scale to Hounsfield units is zero or not a number, so densities would be wrong; "
    "export it again from its source",
    Reason.TOO_LARGE_FILE: "larger than one file may be; send fewer frames at a time",
    Reason.TOO_LARGE_IMAGE: "the upload has more pixels than can be held; send one series, or fewer slices",
    Reason.TOO_MANY_FRAMES: "the upload has more images than can be read at once; send one series at a time",
    Reason.TOO_LARGE_HEADER: "its header is far larger than any scanner writes; export it again from its source",
    Reason.TOO_LARGE_INFLATED: "it unpacks to far more than its size allows, as harmful files do; send it uncompressed",
    Reason.TOO_MANY_FILES: "the upload has more files than can be read at once; send one series at a time",
    Reason.TOO_LARGE_UPLOAD: "the upload is larger than can be read at once; send one series at a time",
    Reason.MEMORY: "reading it needs more memory than one upload may use; send fewer frames, or uncompressed",
    Reason.CRASHED: "decoding it failed badly, so it is damaged or harmful; export it again from its source",
    Reason.TIMEOUT: "reading it took too long; send fewer slices, or uncompressed",
    Reason.UNFINISHED: "this file and those after it were not read, as those before took too long or were harmful; "
    "send them separately",
    Reason.UNREADABLE: "it cannot be opened; check that it exists and may be read",
    Reason.NOT_A_FILE: "a link or device and not a file; send the file itself",
    Reason.BAD_ARCHIVE: "the archive is damaged or packed in an unusual way; pack it again as an ordinary zip",
    Reason.NESTED_ARCHIVE: "an archive within an archive is not opened; unpack the inner one first",
    Reason.LOCKED_ARCHIVE: "the archive has a password; unpack it first",
    Reason.OTHER_ARCHIVE: "an archive of a kind that is not opened (tar, gz, 7z, rar …); unpack it and send the "
    "folder, or pack it as a zip",
    Reason.DEFLATE64: "packed with Deflate64, as Windows Explorer does beyond 2 GB, and it cannot be unpacked; unpack "
    "the zip yourself and send the folder",
    Reason.SEGMENTATION: "a segmentation and not an image; send the CT series it was drawn on, or make an atlas of "
    "both with `lesion-search import`",
    Reason.STRUCTURES: "radiotherapy structures or a plan and not an image; send the CT series, or make an atlas of "
    "both with `lesion-search import`",
    Reason.REPORT: "a report or document and not an image; send the CT series",
    Reason.PRESENTATION: "display settings and not an image; send the CT series",
    Reason.WAVEFORM: "a waveform and not an image; send the CT series",
    Reason.DIRECTORY: "a DICOMDIR index and not an image; send the images it lists",
    Reason.NO_IMAGE: "a DICOM object that holds no image (raw data, a protocol or a record); send the CT series",
    Reason.AXES: "not one grey volume of three axes; send a single CT volume",
    Reason.DUPLICATE: "the same image is in the upload already; nothing to do",
    Reason.OUTSIDE_BLOCK: _TOO_MANY_SLICES,
    Reason.PARTLY_READ: _TOO_MANY_SLICES,
    Reason.OTHER_PATIENT: "not of the same patient as the images shown; send one patient at a time",
}

NOTES: dict[Note, str] = {
    Note.NO_RESCALE: "The file does not say how its values become Hounsfield units, so densities are arbitrary; "
    "use the original series if densities matter.",
    Note.NOT_HU: "The values of this CT are not Hounsfield units (a derived image), so densities are arbitrary; "
    "use the original series if densities matter.",
    Note.SCREEN: "A screen copy or a page of text and not a CT slice: its values are grey levels and not Hounsfield "
    "units, and no lesion type is named.",
    Note.COMPUTED_MAP: "The values of this image were computed (perfusion, material, subtraction or rendering) and are "
    "not Hounsfield units, so densities are arbitrary and no lesion type is named.",
    Note.OTHER_UNIT: "The file states another unit than Hounsfield units, so densities are arbitrary and no lesion "
    "type is named.",
    Note.GREY_LEVELS: "The values are those of a picture of 8 bits, grey levels and not Hounsfield units; "
    "use the original series if densities matter.",
    Note.OTHER_CLASS: "The file calls itself CT and is stored as another kind of image (such as MR or PET), so its "
    "values are not taken for Hounsfield units and no lesion type is named.",
    Note.NO_AIR: "The values are not Hounsfield units as stated: there is no air, though the background lies where "
    "air should be; check the rescale intercept, or export the series again.",
    Note.NO_TISSUE: "The values are not Hounsfield units as stated: nothing has the density of soft tissue or water; "
    "check the rescale intercept, or export the series again.",
    Note.WRAPPED: "The values are not Hounsfield units as stated: some lie far beyond any metal, as negative numbers "
    "do that were stored without their sign; export the series again.",
    Note.SOME_SLICES: "Some slices are not in Hounsfield units as stated: air or tissue does not lie where the "
    "others have it; check their rescale intercept, or export the series again.",
    Note.AIR_OFF: "The air around the patient is not near −1000 HU, so all densities may be off by some tens of HU.",
    Note.CUT_OFF: "The lowest densities were cut off, so those of air and lung are not to be believed; "
    "use the original series if they matter.",
    Note.COLOUR: "A colour image is shown by its brightness; lesion search was made for grey CT slices.",
    Note.BURNED_IN: "Writing is burned into the image; check that no name can be read before you share it.",
    Note.PADDING_IGNORED: "The padding value of this file would erase tissue and was ignored.",
    Note.VIRTUAL: "A virtual image (of one energy, or without contrast): densities were computed and differ from those "
    "of the scan; use the original series if they matter.",
    Note.LOCALIZER: "A localizer (overview) and not a cross-section; choose a slice series for lesion search.",
    Note.JOINED: "The slices were stored as many short series; they were joined by their positions.",
    Note.ONE_PLACE: "All images state one position; they are in the order of their numbers and gaps are unknown.",
    Note.STORED_ORDER: "The slices state neither positions nor numbers; they are in the order in which they were "
    "stored, and gaps are unknown.",
    Note.PLACE_INFERRED: "Some slices do not state their position; it was taken from their numbers, by which "
    "the others lie on one line.",
    Note.UNCLEAR_ORDER: "Several images lie at each position and nothing in the files tells them apart, so they may be "
    "mixed up between series; export one phase at a time.",
    Note.UNIT_INFERRED: "NIfTI states no unit: air and tissue lie where they do on CT, so the values are taken for "
    "Hounsfield units.",
    Note.SIDES_UNKNOWN: "The file does not say how the volume lies in the patient, so left and right, or head and "
    "feet, may be exchanged; use the original series if sides matter.",
}


def describe_left_out(left_out: Iterable[tuple[int, Reason]], files: int) -> tuple[str, ...]:
    """Write one sentence for each reason, naming files by their number in the upload."""
    by_reason: dict[Reason, list[int]] = defaultdict(list)
    for file, reason in sorted(left_out):
        if file not in by_reason[reason]:
            by_reason[reason].append(file)
    fates = {Reason.PARTLY_READ: "read in part"}
    return tuple(
        f"{_subject(numbers, files)} {fates.get(reason, 'left out')}: {LEFT_OUT[reason]}."
        for reason, numbers in by_reason.items()
    )


def reasons_by_file(left_out: Iterable[tuple[int, Reason]]) -> tuple[tuple[int, str], ...]:
    """Word why each file was left out, with its number in the upload."""
    return tuple((file, LEFT_OUT[reason]) for file, reason in sorted(set(left_out)))


def _subject(numbers: list[int], files: int) -> str:
    if files <= 1:
        return "The file was"
    if len(numbers) == 1:
        return f"File {numbers[0]} of {files} was"
    if len(numbers) == files:
        return f"All {files} files were"
    named, more = numbers[:LISTED], len(numbers) - LISTED
    listed = ", ".join(map(str, named)) + f" and {more} more" if more > 0 else _join(named)
    return f"Files {listed} of {files} were"


def _join(numbers: list[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
