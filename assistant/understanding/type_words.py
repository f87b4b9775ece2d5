"""How people name lesion types and organs. Tables only: regular expressions on lower-case text without accents."""

# DeepLesion's eight coarse types and how people name them: organ, adjective, common findings. Regular expressions on
# lower-case text. "nodule", "mass" and "cyst" alone are not here: they occur everywhere.
TYPE_WORDS: dict[str, tuple[str, ...]] = {
    "soft tissue": (
        r"soft[- ]tissues?", r"chest wall", r"abdominal wall", r"body wall", r"muscles?", r"muscular", r"intramuscular",
        r"subcutaneous", r"subcutis", r"cutaneous", r"skin", r"axilla", r"axillary", r"breasts?", r"lipomas?",
        r"sarcomas?", r"neck", r"thyroids?", r"nodes? (?:in|of|inside|within) the (?:chest|abdominal) wall",
    ),
    "bone": (
        r"bones?", r"bony", r"osseous", r"skeletal", r"skeleton", r"vertebral?", r"vertebrae", r"spine", r"spinal",
        r"ribs?", r"sclerotic", r"lytic", r"osteolytic", r"osteoblastic", r"blastic", r"femoral", r"femur", r"sacrum",
        r"sternum",
    ),
    "mediastinum": (
        r"mediastinum", r"mediastinal", r"hilar", r"hilum", r"hila", r"paratracheal", r"subcarinal", r"thymus",
        r"thymic", r"thymomas?", r"(?:lymph )?(?:nodes?|glands?) (?:in|of|inside|within) the (?:chest|thorax)",
        r"(?:chest|thoracic|intrathoracic) (?:lymph )?(?:nodes?|glands?)",
    ),
    "liver": (
        r"livers?", r"hepatic", r"intrahepatic", r"hepatocellular", r"hcc", r"hepatomas?",
        r"(?:liver |hepatic )?ha?emangiomas?",
    ),
    "lung": (
        r"lungs?", r"pulmonary", r"intrapulmonary", r"bronchial", r"ground[- ]glass(?: opacit(?:y|ies))?", r"ggos?",
    ),
    "kidney": (
        r"kidneys?", r"renal(?: cell)?", r"rcc", r"nephric", r"angiomyolipomas?",
    ),
    "pelvis": (
        r"pelvis", r"pelvic", r"ovar(?:y|ies|ian)", r"uterus", r"uterine", r"bladder", r"prostat(?:e|ic)", r"rectal",
        r"rectum", r"adnexal?", r"iliac",
    ),
    "abdomen": (
        r"abdomen", r"belly", r"tummy", r"abdominal", r"intra-?abdominal", r"mesenter(?:y|ic)", r"peritone(?:um|al)",
        r"retroperitone(?:um|al)", r"pancrea(?:s|tic)", r"spleen", r"splenic", r"adrenals?", r"gall ?bladder", r"bowel",
        r"stomach", r"gastric", r"colon",
    ),
}  # fmt: skip

# the same in other languages and in a doctor's shorthand
MORE_TYPE_WORDS: dict[str, tuple[str, ...]] = {
    "soft tissue": (r"soft tiss", r"subcut", r"subq", r"weichteile?", r"partes blandas", r"tissus mous",
        r"tessuti molli"),
    "bone": (r"oss", r"skelet", r"knochen", r"rippen?", r"wirbel(?:korper)?", r"huesos?", r"ossea", r"ossos?",
        r"les os"),
    "mediastinum": (r"mediast", r"mediastinums?", r"mediastino", r"mediastin", r"hilus"),
    "liver": (r"liv", r"hep", r"hccs", r"leber", r"higado", r"foie", r"fegato", r"figado", r"hepatiques?"),
    "lung": (r"pulm", r"lunge(?:n|nrundherde?)?", r"pulmon(?:es|ar|aires?)?", r"poumons?", r"polmon(?:e|i)", r"pulmao"),
    "kidney": (r"kid", r"ren", r"rccs", r"nieren?", r"rinon(?:es)?", r"reins?", r"rene", r"reni"),
    "pelvis": (r"pelv", r"becken", r"bassin", r"pelvi", r"bacino", r"pelvien(?:ne)?s?"),
    "abdomen": (r"abd", r"abdo", r"rp", r"panc", r"bauch(?:raum)?", r"addome", r"pancreatitis", r"pancreases",
        r"omentum", r"omental"),
}  # fmt: skip

# anatomy, and kinds of lesions, that an atlas may have as types of its own; where it has not, they are unknown to it
ORGAN_WORDS: dict[str, tuple[str, ...]] = {
    "adrenal": (r"adrenals?", r"adrenal glands?", r"suprarenals?"),
    "aorta": (r"aortas?", r"aortic", r"aneurysms?"),
    "appendix": (r"appendix", r"appendiceal", r"appendicitis"),
    "bladder": (r"(?:urinary )?bladders?", r"vesical"),
    "brain": (r"brains?", r"cerebral", r"cerebrum", r"cerebellum", r"cerebellar", r"intracranial", r"cranial",
        r"glioma(?:s|ta)?",
              r"meningiomas?", r"gehirn", r"cerebro", r"cerveau"),
    "breast": (r"breasts?", r"mammary"),
    "colon": (r"colons?", r"colonic", r"colorectal", r"large bowel"),
    "duodenum": (r"duodenum", r"duodenal"),
    "ear": (r"ears?", r"mastoids?"),
    "esophagus": (r"o?esophagus", r"o?esophageal", r"gullet"),
    "eye": (r"eyes?", r"ocular", r"orbits?", r"orbital", r"retinal?"),
    "gallbladder": (r"gall ?bladders?", r"bile ducts?", r"biliary", r"gallstones?"),
    "heart": (r"hearts?", r"cardiac", r"pericardium", r"pericardial", r"myocardi(?:um|al)", r"atri(?:um|al)",
        r"coronar(?:y|ies)"),
    "intestine": (r"intestines?", r"intestinal", r"bowels?", r"small bowel", r"ileum", r"ileal", r"jejunum",
        r"jejunal"),
    "larynx": (r"larynx", r"laryngeal", r"vocal cords?", r"throats?"),
    "lymph node": (r"lymph nodes?", r"lymph glands?", r"lymphadenopath(?:y|ies)", r"adenopath(?:y|ies)", r"nodal",
        r"lns?"),
    "muscle": (r"muscles?", r"muscular", r"intramuscular"),
    "nose": (r"noses?", r"nasal", r"sinus(?:es)?", r"sinonasal"),
    "ovary": (r"ovar(?:y|ies|ian)", r"adnexal?"),
    "pancreas": (r"pancreas", r"pancreatic"),
    "parotid": (r"parotids?", r"salivary glands?"),
    "penis": (r"penis", r"penile"),
    "pituitary": (r"pituitary", r"hypophysis"),
    "placenta": (r"placentas?", r"placental"),
    "pleura": (r"pleura", r"pleural", r"mesotheliomas?"),
    "prostate": (r"prostates?", r"prostatic"),
    "rectum": (r"rectum", r"rectal"),
    "skin": (r"skin", r"cutaneous", r"dermal", r"melanomas?"),
    "spinal cord": (r"spinal cords?", r"cord"),
    "spleen": (r"spleens?", r"splenic", r"milz"),
    "stomach": (r"stomachs?", r"gastric"),
    "testis": (r"testis", r"testes", r"testicles?", r"testicular"),
    "thymus": (r"thymus", r"thymic", r"thymomas?"),
    "thyroid": (r"thyroids?", r"thyroid glands?"),
    "tongue": (r"tongues?", r"lingual"),
    "tonsil": (r"tonsils?", r"tonsillar"),
    "tooth": (r"tooth", r"teeth", r"dental", r"jaws?", r"mandibles?", r"mandibular"),
    "trachea": (r"tracheas?", r"tracheal", r"windpipe"),
    "ureter": (r"ureters?", r"ureteral", r"ureteric"),
    "uterus": (r"uterus", r"uterine", r"womb", r"endometri(?:um|al)", r"fibroids?"),
    "vein": (r"veins?", r"vena cava", r"vascular"),
}  # fmt: skip

# words that are said of any lesion: alone they name no type, whatever an atlas calls its own
_GENERIC = """
and area benign cancer carcinoma case cell change disease finding large left lesion lower lump malignant mass nodule not
other region right small spot the tissue tumor tumour type unknown upper with
"""
GENERIC = frozenset(_GENERIC.split())
# first parts of names that alone say nothing of them: "soft" is no soft tissue, "ground" no ground glass
_NOT_ALONE = "acute chronic class complex early ground grade hard high late low simple soft"
NOT_ALONE = frozenset(_NOT_ALONE.split())
# parts of names that mean the same: an atlas of hepatic cysts is asked for liver cysts
SAME_PART = (
    ("liver", "hepatic"), ("lung", "pulmonary"), ("kidney", "renal"), ("bone", "osseous", "bony"),
    ("spleen", "splenic"),
    ("pancreas", "pancreatic"), ("adrenal gland", "adrenal"), ("thyroid gland", "thyroid"), ("lymph node", "nodal"),
    ("brain", "cerebral"), ("heart", "cardiac"), ("stomach", "gastric"), ("muscle", "muscular"), ("skin", "cutaneous"),
    ("ovary", "ovarian"), ("uterus", "uterine"), ("colon", "colonic"), ("pleura", "pleural"), ("vertebra", "vertebral"),
    ("rib", "costal"), ("breast", "mammary"), ("bladder", "vesical"), ("bile duct", "biliary"), ("bowel", "intestinal"),
    ("spine", "spinal"), ("prostate", "prostatic"), ("ureter", "ureteral", "ureteric"), ("tooth", "dental"),
    ("aorta", "aortic"), ("artery", "arterial"), ("vein", "venous"), ("thymus", "thymic"), ("hilum", "hilar"),
    ("mediastinum", "mediastinal"), ("pelvis", "pelvic"), ("abdomen", "abdominal"),
    ("tumor", "tumour"), ("stone", "calculus"), ("goiter", "goitre"), ("carcinoma", "cancer"), ("cystic", "cyst"),
    ("calcification", "calc"), ("hemangioma", "haemangioma"), ("hematoma", "haematoma"), ("hemorrhage", "haemorrhage"),
    ("edema", "oedema"), ("esophagus", "oesophagus", "esophageal", "oesophageal"), ("metastasis", "met"),
    ("hepatocellular carcinoma", "hcc"), ("renal cell carcinoma", "rcc"),
    ("ground glass nodule", "ground glass opacity", "ggo"),
    ("lymph node", "lymphadenopathy", "ln"), ("bone island", "enostosis"),
    ("angiomyolipoma", "aml"), ("cholangiocarcinoma", "cca"), ("arteriovenous malformation", "avm"),
    ("pheochromocytoma", "phaeochromocytoma", "pheo", "phaeo"), ("focal nodular hyperplasia", "fnh"),
    ("gastrointestinal stromal tumor", "gist"), ("neuroendocrine tumor", "net"),
)  # fmt: skip
