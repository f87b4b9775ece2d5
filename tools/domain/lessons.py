"""Teaching texts: what a lesion type covers, how it looks on CT, what mimics it, how it is measured.

Written for a resident who has the atlas open. They describe pictures; they name no diagnosis for the lesion on the
screen and advise nothing. The data is a table at the end of the module, so that a text can be read and corrected as
a text.
"""

from dataclasses import dataclass

from encoder.errors import LesionSearchError


class LessonError(LesionSearchError):
    """There is no teaching text about this lesion type."""


@dataclass(frozen=True)
class Lesson:
    """One teaching text, 60 to 110 words, and the publications it rests on."""

    lesion_type: str
    text: str
    sources: tuple[str, ...]


def lesson(lesion_type: str) -> Lesson:
    """Find the lesson about one type; case, hyphens and a word like "lesion" or "nodule" at the end do not matter.

    Raises LessonError naming the types there are.
    """
    words = lesion_type.casefold().replace("-", " ").replace("_", " ").split()
    if len(words) > 1 and words[-1] in _ENDINGS:
        words = words[:-1]
    found = _BY_NAME.get(" ".join(words))
    if found is None:
        raise LessonError(
            f"There is no lesson about {lesion_type.strip()[:40]!r}: choose from {', '.join(lesson_types())}."
        )
    return found


def lesson_types() -> tuple[str, ...]:
    """List every type with a lesson, DeepLesion's eight first, in their published order."""
    return tuple(entry.lesion_type for entry in _LESSONS)


_ENDINGS = {"lesion", "lesions", "nodule", "nodules"}

_ARMATO = (
    "Armato SG et al. The LIDC and IDRI: a completed reference database of lung nodules. Med Phys 2011;38:915-931."
)
_EISENHAUER = (
    "Eisenhauer EA et al. New response evaluation criteria in solid tumours (RECIST 1.1). Eur J Cancer 2009;45:228-247."
)
_GORE = "Gore RM et al. Management of incidental liver lesions on CT. J Am Coll Radiol 2017;14:1429-1437."
_HANSELL = "Hansell DM et al. Fleischner Society: glossary of terms for thoracic imaging. Radiology 2008;246:697-722."
_HERTS = "Herts BR et al. Management of the incidental renal mass on CT. J Am Coll Radiol 2018;15:264-273."
_HELLER = (
    "Heller MT et al. Managing incidental findings on abdominal and pelvic CT and MRI, part 3. "
    "J Am Coll Radiol 2013;10:833-839."
)
_MACMAHON = (
    "MacMahon H et al. Guidelines for management of incidental pulmonary nodules on CT. Radiology 2017;284:228-243."
)
_MUNDEN = (
    "Munden RF et al. Managing incidental findings on thoracic CT: mediastinal and cardiovascular findings. "
    "J Am Coll Radiol 2018;15:1087-1096."
)
_PATEL = "Patel MD et al. Management of incidental adnexal findings on CT and MRI. J Am Coll Radiol 2020;17:248-254."
_SILVERMAN = (
    "Silverman SG et al. Bosniak classification of cystic renal masses, version 2019. Radiology 2019;292:475-488."
)
_YAN = "Yan K et al. DeepLesion: automated mining of large-scale lesion annotations. J Med Imaging 2018;5:036501."

_LESSONS = (
    Lesson(
        "bone",
        "DeepLesion's bone class holds marked lesions of the skeleton: vertebrae, ribs, pelvis, sternum and long "
        "bones. A lytic lesion replaces trabeculae with soft-tissue density (roughly 20 to 80 HU), a sclerotic one "
        "is denser than the marrow around it, often several hundred HU, and many are mixed. Margins, cortical "
        "breach and a soft-tissue part show best in a bone window (width 2500, level 480). Bone islands, vertebral "
        "haemangiomas, Schmorl nodes, degenerative cysts and healing fractures are common look-alikes. Under RECIST "
        "1.1 only a lytic or mixed lesion with a soft-tissue part of at least 10 mm is measurable, by its long axis.",
        (_YAN, _EISENHAUER),
    ),
    Lesson(
        "abdomen",
        "DeepLesion's abdomen class gathers what lies in the abdomen outside liver and kidney: lymph nodes of the "
        "retroperitoneum and mesentery, pancreas, spleen, adrenals, bowel wall, peritoneum. Appearance varies with "
        "the organ; nodes are smooth, oval and near muscle before contrast (30 to 60 HU), fat lies near -100 HU and "
        "simple fluid between 0 and 20 HU. Unopacified bowel loops, vessels seen end-on, accessory spleens and "
        "diverticula are the classic mimics, which scrolling through neighbouring slices exposes. Masses are "
        "measured by long axis, nodes by short axis: under 10 mm is normal size, from 15 mm a target.",
        (_YAN, _EISENHAUER, _HELLER),
    ),
    Lesson(
        "mediastinum",
        "DeepLesion's mediastinum class is mostly lymph nodes of the mediastinum and hila, with thymic, thyroid, "
        "oesophageal and pericardial lesions among them. Nodes are smooth, oval, of soft-tissue density (30 to 60 HU "
        "before contrast), often with a fatty hilum near -100 HU; calcification or a dark centre is worth noting. "
        "Vessels cut across, pericardial recesses, the azygos arch, oesophagus and normal thymus are easily "
        "mistaken for nodes; contrast and neighbouring slices separate them, and recesses stay near water. Nodes "
        "are measured by the short axis, perpendicular to the longest: under 10 mm normal size, from 15 mm a target.",
        (_YAN, _MUNDEN, _HANSELL, _EISENHAUER),
    ),
    Lesson(
        "liver",
        "DeepLesion's liver class covers focal lesions of the liver: cysts, haemangiomas, metastases, primary "
        "tumours and others, which the label does not tell apart. Normal liver is about 50 to 65 HU before contrast "
        "and 100 to 120 HU in the portal phase. Cysts are sharp, homogeneous and below 20 HU; solid lesions differ "
        "from liver by tens of HU, so a narrow window (width 150, level 90) helps. Focal fat or fatty sparing, "
        "perfusion differences, vessels seen end-on and partial volume at the dome imitate lesions. The long axis "
        "is measured in the phase that shows the edge best, and in the same phase later.",
        (_YAN, _GORE, _EISENHAUER),
    ),
    Lesson(
        "lung",
        "DeepLesion's lung class holds nodules and masses inside the lung: up to 30 mm a nodule, above that a mass. "
        "A solid nodule hides the vessels behind it, ground glass leaves them visible, and a part-solid nodule has "
        "both. Aerated lung is near -850 HU, ground glass often -750 to -300 HU, solid tissue 0 HU and above, though "
        "small nodules read low from partial volume. Vessels seen end-on, mucus plugs, scars, dependent atelectasis, "
        "intrapulmonary nodes and rib ends imitate nodules. Margin and size are read in a lung window on thin "
        "slices: long axis for RECIST, mean of long and short axis for small nodules.",
        (_YAN, _HANSELL, _MACMAHON, _EISENHAUER),
    ),
    Lesson(
        "kidney",
        "DeepLesion's kidney class covers focal renal lesions, most of them cysts, with solid masses among them. "
        "Simple fluid measures -9 to 20 HU with a hairline wall; a homogeneous lesion of 70 HU or more without "
        "contrast is typical of a haemorrhagic or protein-rich cyst. A rise of 20 HU or more after contrast counts "
        "as enhancement, 10 to 20 HU is equivocal. Pseudo-enhancement in small cysts, partial volume, prominent "
        "columns, lobulation and parapelvic cysts mislead. Septa, wall, calcification and macroscopic fat (below "
        "-10 HU) are described separately. Size is the long axis, preferably in the nephrographic phase.",
        (_YAN, _SILVERMAN, _HERTS, _EISENHAUER),
    ),
    Lesson(
        "soft tissue",
        "DeepLesion's soft-tissue class collects lesions of the body wall, muscle, skin, subcutaneous fat, limbs, "
        "head and neck, superficial lymph nodes included. Most solid ones lie near muscle (40 to 70 HU) and show "
        "by displaced fat planes or contrast rather than density; fat-containing ones fall below -30 HU, fluid "
        "between 0 and 20 HU. Note the margin, the compartment and any tie to fascia. Asymmetric muscle, vessels, "
        "injection granulomas, scars, haematomas and normal axillary or inguinal nodes are common look-alikes. "
        "Masses are measured by long axis; nodes by short axis, where 10 and 15 mm are the RECIST 1.1 limits.",
        (_YAN, _EISENHAUER),
    ),
    Lesson(
        "pelvis",
        "DeepLesion's pelvis class holds lesions of the pelvic cavity and wall: iliac and inguinal lymph nodes, "
        "adnexal and uterine masses, bladder, rectum, prostate bed. Solid tissue lies near muscle (40 to 60 HU), "
        "simple fluid between 0 and 20 HU, blood higher; macroscopic fat and calcification are worth "
        "naming. Unopacified bowel, iliac vessels and varices, ureters, normal ovaries, bladder diverticula and "
        "lymphoceles are mistaken for lesions; follow tubular structures from slice to slice. CT separates pelvic "
        "organs poorly, so state the organ of origin with care. Masses: long axis; nodes: short axis, 10 and 15 mm "
        "limits.",
        (_YAN, _PATEL, _EISENHAUER),
    ),
    Lesson(
        "calcified",
        "A calcified lung nodule carries calcium dense enough to see: over the whole nodule, as a central core, in "
        "rings (laminated), as popcorn-like clumps, off-centre, or as fine dots. The pattern matters more than the "
        "presence. Values above about 200 HU are usual, but partial volume lowers them in small nodules and sharp "
        "kernels raise them. Contrast in vessels, surgical clips, bronchial-wall calcium, rib ends and "
        "pleural plaques imitate it. LIDC readers rated the pattern on six steps, from popcorn to absent. Look "
        "in thin slices with soft-tissue and bone windows, and measure size in a lung window.",
        (_ARMATO, _HANSELL, _MACMAHON),
    ),
    Lesson(
        "ground-glass",
        "A ground-glass nodule is a hazy rise in lung density through which vessels and bronchial walls stay "
        "visible; it has no part dense enough to hide them. Values often lie between -750 and -300 HU, against about "
        "-850 HU in aerated lung. Edges range from sharp to barely there, so two readers may differ by millimetres. "
        "Breathing motion, expiration, dependent density, partial volume of a solid nodule on thick slices, "
        "infection and haemorrhage look alike. LIDC readers rated texture from 1, non-solid, to 5, solid. It is "
        "measured on thin slices in a lung window, as the mean of long and short axis.",
        (_ARMATO, _HANSELL, _MACMAHON),
    ),
    Lesson(
        "part-solid",
        "A part-solid nodule shows both ground glass and tissue dense enough to hide vessels. The haze often lies "
        "between -750 and -300 HU, the core near soft tissue, though a core of few millimetres reads lower through "
        "partial volume. The core may be central, off-centre or scattered. A vessel crossing pure ground glass, a "
        "collapsed airway, a scar beside haze, or haze around a solid nodule (the halo sign) can imitate it. LIDC "
        "readers placed it in the middle of a five-step texture scale. Whole nodule and solid part are measured "
        "separately, on thin slices; the solid part is given by its largest diameter.",
        (_ARMATO, _HANSELL, _MACMAHON),
    ),
    Lesson(
        "solid",
        "A solid lung nodule is of homogeneous soft-tissue density and hides the vessels behind it. Values lie "
        "around 0 to 60 HU before contrast; small nodules read lower from partial volume with air. The margin is "
        "described as smooth, lobulated, irregular or spiculated, and fat or calcium inside is looked for. Vessels "
        "seen end-on, mucus plugs, scars, intrapulmonary lymph nodes beside a fissure, and rib ends are frequent "
        "mimics. LIDC readers rated it 5 on a five-step texture scale. Small nodules are sized as the mean of long "
        "and short axis to the nearest millimetre; RECIST targets by the long axis.",
        (_ARMATO, _HANSELL, _MACMAHON, _EISENHAUER),
    ),
)

_BY_NAME = {entry.lesion_type.replace("-", " "): entry for entry in _LESSONS}
