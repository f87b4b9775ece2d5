"""Which region of the body a DICOM body part lies in, so that two of them can be said to have nothing in common.

Coarse on purpose: Body Part Examined comes from a protocol's name, and a scan reaches beyond its label. One of the
chest shows the upper abdomen, one of the abdomen shows the lung bases and often the pelvis.
"""

from collections.abc import Collection

from tools.domain.body_part_terms import body_part_of_text

_TERMS = {
    "head": """BRAIN CEREBELLUM CHEEK CIRCLEOFWILLIS CORNEA EAR EYE EYELID FACE HEAD HEADNECK IAC JAW MAXILLA MOUTH
        NOSE ORBIT PAROTID SCALP SCLERA SKULL SUBMANDIBULAR TMJ TONGUE ZYGOMA""",
    "neck": """CAROTID CSPINE CTSPINE ESOPHAGUS HEADNECK LARYNX NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV
        PAROTID PHARYNX SPINE SUBMANDIBULAR THYROID TRACHEA""",
    "chest": """ABDOMEN AORTA AXILLA BACK BREAST BRONCHUS CHEST CHESTABDOMEN CHESTABDPELVIS CLAVICLE CORONARYARTERY
        CTSPINE ESOPHAGUS HEART LUNG MEDIASTINUM NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV RIB SCAPULA SHOULDER SPINE
        STERNUM THYMUS TLSPINE TRACHEA TSPINE""",
    "abdomen": """ABDOMEN ABDOMENPELVIS ADRENAL AORTA BACK CHEST CHESTABDOMEN CHESTABDPELVIS COLON DUODENUM
        GALLBLADDER ILEUM JEJUNUM KIDNEY LIVER LSPINE LSSPINE NECKCHESTABDOMEN NECKCHESTABDPELV PANCREAS RIB SPINE
        SPLEEN STOMACH TLSPINE URETER""",
    "pelvis": """ABDOMEN ABDOMENPELVIS BLADDER BUTTOCK CERVIX CHESTABDPELVIS COCCYX COLON HIP ILEUM ILIUM LSSPINE
        NECKCHESTABDPELV OVARY PELVIS PENIS PROSTATE RECTUM SCROTUM SPINE SSPINE TESTIS URETER URETHRA UTERUS VAGINA
        VULVA""",
    "arm": "ARM AXILLA ELBOW EXTREMITY FINGER HAND HUMERUS SHOULDER THUMB WRIST",
    "leg": "ANKLE BUTTOCK CALCANEUS CALF EXTREMITY FEMUR FOOT HIP KNEE LEG PATELLA THIGH TOE",
}
_WHOLE = frozenset(_TERMS)


def regions_of(body_part: str) -> frozenset[str]:
    """List the regions of a body part, in any words that intake understands; WHOLEBODY has all. Empty: not known."""
    term = body_part_of_text(body_part)
    return _WHOLE if term == "WHOLEBODY" else frozenset(r for r, terms in _TERMS.items() if term in terms.split())


def is_head(body_part: str | None) -> bool:
    """Tell whether a body part lies in the head alone."""
    return regions_of(body_part or "") == {"head"}


def may_be_among(body_part: str | None, others: Collection[str]) -> bool:
    """Tell whether a study of this body part may show what lesions of the other body parts show.

    An unknown body part counts as one that no atlas names: only lesions of unknown parts may be of it.
    """
    own = regions_of(body_part or "")
    theirs = [regions_of(other) for other in others]
    return not theirs or any(not regions or own & regions for regions in theirs)
