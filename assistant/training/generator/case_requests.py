"""Own cases, teaching and exports, the measures beside size and density, and conditions that no atlas records."""

import random

from assistant.training.generator import number_phrases as nums
from assistant.training.generator import phrase_tables as ph
from assistant.training.generator.phrase_tables import pick
from assistant.training.generator.scenes import Fields, Made, Scene, call
from assistant.training.generator.search_phrases import ALIKES, NOUN, SHOW, SIMILAR
from assistant.training.generator.viewer_requests import ASK, PLEASE, a_region

MINE = "(my collection|my cases|my own cases|my atlas|my list|my teaching cases|my teaching file|our collection|my library|my file)"


def save(rng: random.Random, scene: Scene) -> Made:
    said, where = a_region(rng, scene, 0.6)
    fields = dict(where)
    as_what = ""
    if rng.random() < 0.35:
        one = rng.choice(ph.TYPE_NAMES)
        fields["in"] = one
        as_what = f" as (a |) {rng.choice(ph.NAMES[one])}( lesion| case|)"
    named = ""
    if rng.random() < 0.25:
        name = rng.choice(
            ("classic", "for Monday", "nice example", "case 12", "index", "tricky one", "lecture 3", "wow")
        )
        fields["name"] = "T1"
        named = (
            f' (under the name|named|with the name|called) "{name}"' if rng.random() < 0.6 else f" and call it {name}"
        )
    pattern = rng.choice((
        f"{ASK}(save|add|put|keep|store|file) {{r}}{as_what} (to|in|into|for) {MINE}{named}{PLEASE}", f"(add|save) {{r}} to {MINE}{as_what}{named}{PLEASE}", f"keep {{r}} (for my collection|for teaching|as a case of mine){as_what}{named}",
        f"{ASK}(save|store|keep) {{r}} as (one of my cases|my own case|a teaching case){as_what.replace(' as', ',')}{named}{PLEASE}", f"I (want|would like) {{r}} in {MINE}{as_what}{named}", f"bookmark {{r}}{as_what}{named}", f"remember {{r}} in {MINE}{as_what}{named}",
    ))  # fmt: skip
    return pick(pattern, rng, r=said), [call("save", **fields)]


def own_cases(rng: random.Random, scene: Scene) -> Made:
    kind = rng.choices(("list", "edit", "delete"), (45, 27, 28))[0]
    if kind == "list":
        return pick(rng.choice((f"{ASK}(list|show|show me|open|display) {MINE}{PLEASE}", "(what|which) cases have I (saved|collected|stored)(?|)", f"what('s| is) in {MINE}(?|)", "(my|own) cases(?|)", f"how many cases (are|do I have) in {MINE}(?|)", "which ones did I (save|keep)?",
                                "list what I saved", "the cases I saved, please")), rng), [call("cases")]  # fmt: skip
    n = rng.randint(1, 9)
    which = rng.choice(({"hit": "L1"}, {"nth": str(n)}, {"nth": str(n)}, {"nth": "last"}))
    said = "L1" if "hit" in which else f"the {'last' if which['nth'] == 'last' else nums.ordinal(n, rng)} (case|one) of {MINE}" if rng.random() < 0.5 else \
        f"{'the last' if which['nth'] == 'last' else f'the {nums.ordinal(n, rng)}'} (of my cases|saved case|own case|case I saved)"  # fmt: skip
    if kind == "edit":
        one = rng.choice(ph.TYPE_NAMES)
        to = rng.choice(ph.NAMES[one])
        return pick(rng.choice((f"{ASK}(change|set|correct|edit) the type of {said} to {to}{PLEASE}", f"{said} (is|should be|is really) {to}, (change|correct|fix) (it|that)", f"(relabel|reclassify|edit) {said} (as|to) {to}{PLEASE}", f"make {said} {to}")), rng), \
            [call("edit", in_=one, **which)]  # fmt: skip
    return pick(rng.choice((f"{ASK}(delete|remove|erase) {said}( from {MINE}|){PLEASE}", f"(throw|take) {said} (away|out){PLEASE}", f"I no longer need {said}, (delete|remove) it")), rng), \
        [call("delete", **which)]  # fmt: skip


def teaching(rng: random.Random, scene: Scene) -> Made:
    kind = rng.choices(("quiz", "hint", "truth"), (50, 24, 26))[0]
    if kind == "hint":
        return pick(rng.choice((f"{ASK}(give me |)(a |another |one |) (hint|clue|tip){PLEASE}", "(hint|clue)(?|!|)", "I'm stuck, (help me a little|a hint)", "any (hints|clue)?", "can I have a hint?", "a small pointer, don't tell me yet", "what should I look at to guess it?")), rng), [call("hint")]  # fmt: skip
    if kind == "truth":
        return pick(rng.choice((f"{ASK}(reveal|show|tell me|give me) the (answer|solution|truth|right answer|correct type){PLEASE}", "(what's|what is) the (answer|solution|right answer)(?|)", "(I give up|no idea), (what is it really|tell me|solve it|the answer)(?|)", "(solution|answer|reveal)(?|!|)", "was I right?", "solve it", "so what was the correct one?",
                                "resolve the case")), rng), [call("truth")]  # fmt: skip
    fields: Fields = {}
    about = count = ""
    if rng.random() < 0.4:
        one = rng.choice(ph.TYPE_NAMES)
        fields["in"] = one
        about = (
            f" (on|about|with|of) {rng.choice(ph.TYPES[one][0])} (lesions|cases)"
            if rng.random() < 0.7
            else f" (on|about) {rng.choice(ph.NAMES[one])}"
        )
    if rng.random() < 0.4:
        n = rng.randint(2, 25)
        fields["k"] = str(n)
        count = f" (with|of) {nums.number(n, rng, 0.3)} (questions|cases|lesions|rounds)"
    return pick(rng.choice((f"{ASK}(start|begin|make|do|run|give me|set up) (a |the |) (quiz|test|round of questions){about}{count}{PLEASE}", f"quiz (me|us|my students|the class){about}{count}{PLEASE}", f"(test|examine) (me|us|my knowledge){about}{count}{PLEASE}", f"(a|another) quiz{about}{count}{PLEASE}",
                            f"let's (play|do) (a |) quiz{about}{count}", f"I want to (practise|practice|train my eye|guess myself){about}{count}", f"ask me (questions|something){about}{count}", "next (quiz question|quiz case)", f"quiz{about}{count}")), rng), [call("quiz", **fields)]  # fmt: skip


def export(rng: random.Random, scene: Scene) -> Made:
    form = rng.choice(("png", "csv", "seg", "clipboard"))
    return pick(rng.choice({
        "png": (f"{ASK}(save|export|download|store|get|give me) (the |this |a |) (picture|image|screenshot|slice|view|figure|screen){PLEASE} ", f"(export|save) (it|this|the picture|the slice) as (a |) (png|PNG|image|image file|picture){PLEASE}", f"(a |)(png|PNG|screenshot|picture) of (this|the slice|the lesion|the view){PLEASE}",
                "(png|PNG) (export|please|pls)", "I need a picture of this for my slides", "snapshot please", "(take|make) a screenshot"),
        "csv": (f"{ASK}(save|export|download|get|give me) the (table|list|table of hits|hit list|hits|results) as (a |) (csv|CSV|spreadsheet|Excel table|table file){PLEASE}", "(csv|CSV) (export|of the hits|please|pls|table)", f"(export|download) the (hits|hit table|table){PLEASE}", "(put|I want) the hits in(to|) (a spreadsheet|Excel|a csv)", "as csv", "hits to csv"),
        "seg": (f"{ASK}(save|export|download|get|give me) the (outline|contour|segmentation|mask|outlines) (as|to) (a |) (DICOM SEG|dicom seg|SEG|seg|DICOM segmentation|SEG object|SEG file){PLEASE}", "(DICOM SEG|SEG|dicom-seg) (export|please|file|of the lesion)", f"{ASK}(export|download|save) the (outline|contour|segmentation|mask) of (this|the lesion|my region){PLEASE}",
                "the mask as dicom", "outline as seg"),
        "clipboard": (f"{ASK}copy (this|it|that|the answer|the text|the numbers|the measurements|the hits) (to the clipboard|to clipboard|into the clipboard|){PLEASE}", "(to |put it in |)(the |) clipboard", "copy (that|this|it)(.|)", f"put (this|it|the answer) (on|in|into) (the|my) clipboard{PLEASE}", "I want to paste this into my report, copy it"),
    }[form]), rng), [call("export", as_=form)]  # fmt: skip


def other_measures(rng: random.Random, scene: Scene) -> Made:
    """Volume, distance, histogram, and the HU of a point."""
    said, where = a_region(rng, scene)
    be = "are" if where.get("region") == "all" else "is"
    kind = rng.choice(("volume", "distance", "histogram", "density"))
    if kind == "volume":
        return pick(rng.choice(("(what is |what's |)(the |)volume of {r}(?|)", "(how many|how much) (ml|cc|cm3|millilitres|cubic centimetres|milliliters) (is|has|does) {r}( have|)(?|)", f"{ASK}(calculate|compute|measure|give me|estimate) the volume of {{r}}{PLEASE}", "{r} volume(?|)", "volume(?|)" if not where else "vol of {r}",
                                "how voluminous is {r}?", "size of {r} in (ml|cc)?", f"what volume {be} {{r}}?", "tumour volume of {r}")), rng, r=said), [call("volume", **where)]  # fmt: skip
    if kind == "distance":
        a, b = rng.sample(range(1, max(3, scene.regions + 1)), 2)
        one, two = (rng.choice((f"R{n}", f"R{n}", f"r{n}", f"region {n}")) for n in (a, b))
        return pick(rng.choice((f"(what is |what's |)(the |)distance (between|from) {one} (and|to) {two}(?|)", f"how far (apart are|is it between) {one} and {two}(?|)", f"{ASK}measure the distance (between|from) {one} (and|to) {two}{PLEASE}", f"{one} to {two}, how far?", f"how (many mm|far) (is it |)from {one} to {two}?",
                                f"distance {one} {two}", f"(how close are|gap between|spacing between) {one} and {two}(?|)", f"how far away from {one} is {two}?")), rng), [call("distance", region=f"R{a}+R{b}")]  # fmt: skip
    if kind == "histogram":
        return pick(rng.choice((f"{ASK}(show|plot|draw|give me|display|make) (me |) (the |a |) (HU |density |) histogram of {{r}}{PLEASE}", "(HU |density |)histogram (of|for) {r}(?|)", "(the |)distribution of (HU|densities|grey values|the HU values) in {r}(?|)", "{r} histogram", "histogram(?|)" if not where else "histogram {r}",
                                "how are the HU (values |)distributed in {r}?", "density distribution of {r}")), rng, r=said), [call("histogram", **where)]  # fmt: skip
    if rng.random() < 0.5:
        return pick(rng.choice(("(HU|density|attenuation|Hounsfield) (here|at the cursor|under the cursor|at this point|at my mouse|under the mouse|where I point|right here|at the pointer)(?|)", "(what|which) (HU|density) (is|has) (this (point|pixel|spot under the cursor)|the pixel under the cursor)(?|)",
                                "what is the (HU|value|density) (under|at) the (cursor|pointer|mouse|crosshair)?", "how dense is it (here|where the cursor is)?", "HU at (this|that) (point|place|pixel|position)", "probe the density here", "pixel value here")), rng), [call("density")]  # fmt: skip
    x, y = rng.randint(5, 505), rng.randint(5, 505)
    at = rng.choice((f"{x} {y}", f"{x}, {y}", f"{x},{y}", f"{x}/{y}", f"x={x}, y={y}", f"x={x} y={y}", f"x {x} y {y}"))
    return pick(rng.choice(("(HU|density|attenuation|value) at {p}(?|)", "(what is |)(the |)(HU|density|value) (at|of) (point|pixel|position) {p}(?|)", "how dense is it at {p}?", f"(HU|density) in column {x}, row {y}", "HU value of pixel {p}",
                            "{p}: HU?", f"HU of column {x} row {y}", "probe {p}")), rng, p=at), [call("density", x=str(x), y=str(y))]  # fmt: skip


_UNMET: dict[str, tuple[str, ...]] = {
    "disease": ("malignant", "benign", "cancerous", "calcified", "cystic", "necrotic", "metastatic", "enhancing", "inflammatory", "biopsy-proven", "PET-positive", "infected", "vascular", "fat-containing", "solid",
                "haemorrhagic", "proven malignant", "with calcifications", "that turned out to be cancer", "with proven histology", "that are metastases", "with a benign outcome", "confirmed by pathology", "that enhance", "with necrosis", "of grade 3"),
    "place": ("in the left lobe", "in segment 4", "near the hilum", "in the upper lobe", "on the left side", "in the right one", "close to the surface", "in the lower pole", "at the dome", "peripherally located", "in segment VII", "central ones", "subpleural ones", "near the spine", "left-sided ones"),
    "history": ("in smokers", "after chemo", "after surgery", "in diabetics", "with a history of cancer", "after radiotherapy", "from patients with fever", "in transplant patients", "in pregnant women", "in patients with known melanoma", "after trauma", "of patients with cirrhosis", "in HIV patients", "in former smokers"),
    "date": ("from last year", "from 2019", "scanned this month", "from before the pandemic", "newer than 2020", "from recent scans only", "of the last five years", "scanned in winter"),
    "image": ("with contrast", "without contrast", "on thin slices", "with 1 mm slices", "in the arterial phase", "from non-contrast scans", "on a sharp kernel", "scanned with contrast only", "in portal venous phase", "from thick slices", "of low-dose scans"),
    "other": ("from Asian patients", "from our hospital", "with a good outcome", "from heavy patients", "that survived", "weighing over 100 kg", "from private patients", "with blue eyes", "of patients taller than me", "treated successfully"),
}  # fmt: skip
_ADJECTIVES = (
    "malignant benign cancerous calcified cystic necrotic metastatic enhancing inflammatory biopsy-proven PET-positive infected"
    " vascular fat-containing solid haemorrhagic"
)
_BEFORE_NOUN = frozenset(_ADJECTIVES.split())


def unmet(rng: random.Random, scene: Scene) -> Made:
    """A search or a change with a condition that the atlas does not record, alone or beside one that it does."""
    kind = rng.choices(tuple(_UNMET), (40, 18, 14, 8, 14, 6))[0]
    said = rng.choice(_UNMET[kind])
    if "pregnant women" in said:
        fields: Fields = {"sex": "F"}
    else:
        fields = {}
    more = ""
    if not fields and rng.random() < 0.45:
        if rng.random() < 0.5:
            one = rng.choice(ph.TYPE_NAMES)
            fields["in"] = one
            more = f"in {rng.choice(ph.TYPES[one][1])}"
        elif rng.random() < 0.5:
            fields["sex"] = rng.choice("FM")
            more = f"in {ph.people(fields['sex'], rng)}"
        else:
            words, fields["age"] = nums.age_bound(rng)
            more = f"in patients {words}"
    fields["unmet"] = kind
    refine = scene.hits and rng.random() < 0.55
    if said in _BEFORE_NOUN:
        text = rng.choice((f"(only|just|now only|show only|keep only) (the |) {said} (ones|lesions|cases) {more}", f"{said} (ones|lesions|cases) only {more}", f"and (only |)the {said} (ones|) {more}", f"exclude everything that is not {said} {more}")) if refine else \
            rng.choice((f"{SHOW} {SIMILAR} {said} {NOUN} {more}", f"{SHOW} {said} {NOUN} like (this|it|mine) {more}", f"{said} {ALIKES} {more}", f"{SIMILAR} {said} ones {more}"))  # fmt: skip
    else:
        text = rng.choice((f"(only|just|now only|keep only|and only) (the ones|those|cases|ones|) {said} {more}", f"{said} only {more}", f"(now |)(restrict|limit) (it|them) to (those|the ones|cases) {said} {more}")) if refine else \
            rng.choice((f"{SHOW} {SIMILAR} {NOUN} {said} {more}", f"{ALIKES} {said} {more}", f"{SHOW} {NOUN} like (this|it) {more} {said}", f"{SIMILAR} {NOUN} {more}, but (only |)(those|ones|) {said}"))  # fmt: skip
    return pick(f"{text}{PLEASE}", rng), [call("refine" if refine else "search", **fields)]
