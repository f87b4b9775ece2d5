"""The viewer by words: slices, series, windows, zoom, what is drawn, and the fate of regions."""

import random

from assistant.training.generator import number_phrases as nums
from assistant.training.generator.phrase_tables import pick
from assistant.training.generator.scenes import Fields, Made, Scene, call
from assistant.training.generator.search_phrases import region_of

PLEASE = "(|||| please| please|, please| for me|.| now| pls)"
ASK = ("(|||||can you |could you |please |would you |I want you to |now |kindly |let's |ok, |and |then |could you please "
       "|I'd like to |I need to )")  # fmt: skip
GO = "(go to|jump to|show|show me|open|take me to|move to|scroll to|bring me to|display|get me to|let me see|put up|goto|bring up)"
LESION = "(lesion|region|nodule|spot|mark|ROI|finding)"


def a_region(rng: random.Random, scene: Scene, unnamed: float = 0.35) -> tuple[str, Fields]:
    """Name a region, or the one at hand."""
    if rng.random() < unnamed:
        return rng.choice(
            ("this", "it", "this lesion", "the lesion", "this region", "that one", "the marked one", "my lesion")
        ), {}
    said, where = region_of(rng, Scene(max(1, scene.regions)))
    return (said, where) if where else ("R1", {"region": "R1"})


def go(rng: random.Random, scene: Scene) -> Made:
    kind = rng.choices(("number", "step", "steps", "end", "image", "region"), (30, 16, 12, 16, 12, 20))[0]
    if kind == "number":
        n = rng.choice((rng.randint(1, 99), rng.randint(1, 400), rng.randint(2, 40)))
        said = nums.number(n, rng, 0.1)
        return pick(rng.choice((f"{ASK}{GO} (slice|cut|layer|slice number|slice no.|sl) {said}{PLEASE}", f"slice {n}{PLEASE}", f"sl {n}",
                                f"slice #{n}", f"(what is|what's|anything) on slice {n}?", f"{GO} the {nums.ordinal(n, rng)} slice", f"go to {n}",
                                f"back to slice {n}{PLEASE}", f"scroll (down|up|on) to (slice |){n}", f"I want to see slice {said}")), rng), \
            [call("go", slice=str(n))]  # fmt: skip
    if kind == "step":
        word = rng.choice(("next", "previous"))
        up = "(next|following|adjacent lower)" if word == "next" else "(previous|preceding|last but one)"
        return pick(rng.choice((f"{ASK}{'(go to|show|jump to|move to|open|scroll to)'} the {'next' if word == 'next' else 'previous'} (slice|cut|layer|image in the stack)(?|){PLEASE}",
                                f"{'(next|following)' if word == 'next' else '(previous|preceding)'} slice{PLEASE}",
                                "one slice (further|forward|on|down|ahead|deeper)" if word == "next" else "one slice (back|backwards|up|before|higher)",
                                f"{'scroll on' if word == 'next' else 'scroll back'} (one|a) slice", f"{up} slice?")), rng), \
            [call("go", slice=word)]  # fmt: skip
    if kind == "steps":
        word, n = rng.choice(("next", "previous")), rng.randint(2, 30)
        said = nums.number(n, rng, 0.4)
        way = (
            "(on|further|forward|ahead|down|deeper|more)"
            if word == "next"
            else "(back|backwards|up|before|earlier|higher)"
        )
        return pick(rng.choice((f"{ASK}(go|move|scroll|jump|skip|advance) {said} slices {way}{PLEASE}", f"{said} slices {way}{PLEASE}", f"{said} (cuts|layers) {way}",
                                f"(skip|scroll) {'ahead' if word == 'next' else 'back'} (by |){said} slices", f"{said} {way} in the stack")), rng), \
            [call("go", slice=word, k=str(n))]  # fmt: skip
    if kind == "end":
        word = rng.choice(("first", "last", "middle"))
        names = {"first": "(first|very first|topmost|initial|starting)", "last": "(last|very last|bottom|final)",
                 "middle": "(middle|central|mid|centre)"}[word]  # fmt: skip
        more = {"first": "(back to|go to) the (start|beginning|top) of the (stack|series|scan)", "last": "go to the (end|bottom) of the (stack|series|scan)",
                "middle": "go to the middle( of the stack| of the series|)"}[word]  # fmt: skip
        return pick(
            rng.choice((f"{ASK}{GO} the {names} slice{PLEASE}", f"{names} slice{PLEASE}", more + PLEASE)), rng
        ), [call("go", slice=word)]
    if kind == "image":
        n = rng.choice((rng.randint(1, 99), rng.randint(1, 600)))
        return pick(rng.choice((f"{ASK}{GO} (image|im|img|image number|instance|image no.|frame) {n}{PLEASE}", f"(image|im|img) {n}{PLEASE}", f"{GO} image {n} of the (series|file|PACS)",
                                f"the radiologist said image {n}, {GO} it", f"open (instance number|image #|im) {n}")), rng), [call("go", image=str(n))]  # fmt: skip
    said, where = a_region(rng, scene, 0.15)
    return pick(rng.choice((f"{ASK}(go to|jump to|take me to|scroll to|move to|bring me to|centre on|center on|navigate to) {{r}}{PLEASE}", f"{ASK}(go|jump|scroll|get) back to {{r}}{PLEASE}",
                            "(show|open) the slice (of|with) {r}", "go to the slice (where|on which) {r} (is|lies|sits)")), rng, r=said), \
        [call("go", **where)]  # fmt: skip


_SERIES: dict[str, tuple[str, ...]] = {
    "next": ("next series", "next stack", "series after this", "following series", "next reconstruction"),
    "previous": ("previous series", "series before", "preceding series", "previous stack"),
    "other": ("other series", "other stack", "other scan", "other reconstruction", "other one of the two series", "second scan of the upload"),
    "prior": ("prior", "prior scan", "old scan", "previous examination", "earlier study", "prior study", "last year's scan", "comparison study",
              "earlier CT", "old CT", "older exam", "previous CT", "prior exam"),
    "newest": ("newest scan", "latest study", "most recent scan", "current study", "newest series", "current exam", "latest CT"),
    "last": ("last series", "last stack", "final series"),
    "axial": ("axial series", "axials", "axial images", "axial reconstruction", "transverse series", "axial plane"),
    "coronal": ("coronal series", "coronals", "coronal images", "coronal reformat", "coronal view", "coronal plane", "coronal recon"),
    "sagittal": ("sagittal series", "sagittals", "sagittal images", "sagittal reformat", "sagittal view", "sagittal recon"),
    "soft": ("soft kernel", "soft tissue kernel", "soft reconstruction", "soft kernel series", "smooth kernel", "soft-tissue recon", "B30 series"),
    "sharp": ("sharp kernel", "bone kernel", "lung kernel", "sharp reconstruction", "sharp kernel series", "bone kernel series", "bone algorithm series",
              "hard kernel", "edge-enhanced series", "lung reconstruction"),
    "contrast": ("contrast series", "post-contrast series", "contrast-enhanced series", "enhanced scan", "series with contrast", "contrast phase",
                 "portal venous series"),
    "plain": ("plain series", "native series", "non-contrast series", "unenhanced scan", "series without contrast", "native scan", "pre-contrast series"),
}  # fmt: skip


def series(rng: random.Random, scene: Scene) -> Made:
    if rng.random() < 0.3:
        n = rng.randint(1, 12)
        return pick(rng.choice((f"{ASK}(switch to|change to|open|load|show|go to|take|select|display) series {{n}}{PLEASE}", f"series {{n}}{PLEASE}", f"series (no.|number) {{n}}{PLEASE}",
                                f"(switch to|open|load) the {nums.ordinal(n, rng)} series{PLEASE}", f"stack {n}", f"the {nums.ordinal(n, rng)} series{PLEASE}", f"se {n}", "look at series {n} instead")),
                    rng, n=nums.number(n, rng, 0.15)), [call("series", series=str(n))]  # fmt: skip
    code = rng.choice(tuple(_SERIES))
    said = rng.choice(_SERIES[code])
    return pick(rng.choice((f"{ASK}(switch to|change to|open|load|show|show me|go to|take|select|display|give me|put up|use|bring up|swap to|flip to) the {{s}}{PLEASE}", f"the {{s}}{PLEASE}",
                            f"{{s}}{PLEASE}", f"(now |)the {{s}} instead{PLEASE}", "(is there|have we|do you have) (a|an|the) {s}? (show it|open it|put it up)",
                            f"{ASK}see the {{s}}", "(view|read) this on the {s}", "back to the {s}")), rng, s=said), [call("series", series=code)]  # fmt: skip


_PRESETS: dict[str, tuple[str, ...]] = {
    "lung": ("lung", "lung", "pulmonary", "lung parenchyma"),
    "bone": ("bone", "bone", "bony", "osseous"),
    "soft": ("soft tissue", "soft", "soft-tissue", "soft tissue"),
    "liver": ("liver", "hepatic", "liver"),
    "brain": ("brain", "cerebral", "brain"),
    "mediastinum": ("mediastinal", "mediastinum", "mediastinal"),
    "abdomen": ("abdominal", "abdomen", "abdo"),
    "default": ("default", "standard", "normal", "original", "usual"),
}  # fmt: skip
_CHANGES: dict[str, tuple[str, ...]] = {
    "wider": ("wider window", "a wider window", "widen the window", "make the window wider", "open the window up", "less contrast", "less contrast in the picture", "softer contrast",
              "reduce the contrast of the display", "broader window"),
    "narrower": ("narrower window", "a narrower window", "narrow the window", "make the window narrower", "tighten the window", "more contrast", "more contrast on the picture", "increase the contrast",
                 "crisper contrast", "tighter window"),
    "brighter": ("brighter", "make it brighter", "brighten the image", "too dark", "it's too dark", "lighter", "lower the level", "more brightness", "turn up the brightness", "image brighter",
                 "I can't see anything, it is too dark"),
    "darker": ("darker", "make it darker", "darken the image", "too bright", "it's too bright", "raise the level", "less brightness", "turn the brightness down", "image darker",
               "the picture is too white"),
}  # fmt: skip


def window(rng: random.Random, scene: Scene) -> Made:
    kind = rng.choices(("preset", "values", "width", "level", "change"), (46, 26, 5, 5, 18))[0]
    if kind == "preset":
        code = rng.choice(tuple(_PRESETS))
        said = rng.choice(_PRESETS[code])
        return pick(rng.choice((
            f"{ASK}(set|change|switch|put|turn|make) the window to {{p}}{PLEASE}", f"{ASK}make the window {{p}}{PLEASE}", f"{{p}} window{PLEASE}", f"{ASK}(show|see|view|use|try|give me|apply|take|switch to|put on|go to) (the |a |) {{p}} window{PLEASE}",
            f"{ASK}(show|see|view|look at) (it|this|the slice|the lesion|the image) (in|on|with|at) (the |a |) {{p}} (window|windows|settings|setting|view){PLEASE}", f"window {{p}}{PLEASE}", "window: {p}",
            f"{{p}} (windowing|preset|settings|W/L){PLEASE}", "window it for {p}", "back to the {p} window", "(could we have|can I get) {p} windows?", "{p} WL", "what does it look like on {p} windows?",
        )), rng, p=said), [call("window", preset=code)]  # fmt: skip
    if kind == "change":
        code = rng.choice(tuple(_CHANGES))
        return pick(f"{ASK}{rng.choice(_CHANGES[code])}{PLEASE}", rng), [call("window", preset=code)]
    width, level = rng.choice((400, 350, 1500, 1600, 2000, 80, 100, 150, 300, 40, 500, 1800, rng.randint(2, 40) * 50)), \
        rng.choice((40, 50, -600, -500, 300, 400, 35, 60, 80, -160, 500, 0, rng.randint(-14, 20) * 50))  # fmt: skip
    low = f"minus {-level}" if level < 0 and rng.random() < 0.25 else str(level)
    if kind == "width":
        return pick(rng.choice((f"{ASK}(set|change|put|make) the window width to {width}{PLEASE}", f"(window width|width of the window|WW) {width}{PLEASE}", f"WW={width}", f"a window (of width|width of) {width}", f"a {width} HU wide window")), rng), \
            [call("window", width=str(width))]  # fmt: skip
    if kind == "level":
        return pick(rng.choice((f"{ASK}(set|change|put|move) the (window |)(level|centre|center) to {low}{PLEASE}", f"(window level|WL|level|window centre) {low}{PLEASE}", f"centre the window (at|on) {low}", f"level={level}")), rng), \
            [call("window", level=str(level))]  # fmt: skip
    return pick(rng.choice((
        f"{ASK}(set |change |make |put |)(the |)window (to |at |of |) {width} {low}{PLEASE}", f"window {width}/{level}{PLEASE}", f"W/L {width}/{level}", f"W {width} L {level}", f"WW {width} WL {level}", f"W{width} L{low}",
        f"w={width} l={level}", f"window width {width}(,| and|) level {low}{PLEASE}", f"{width}/{level} window", f"{ASK}use {width} width, {low} level", f"width {width}, (centre|center|level) {low}", f"ww/wl {width} {level}",
        f"level {low}, width {width}" , f"a window of {width} around {low}", f"window level {low}, window width {width}",
    )), rng), [call("window", width=str(width), level=str(level))]  # fmt: skip


def zoom(rng: random.Random, scene: Scene) -> Made:
    kind = rng.choices(("in", "out", "fit", "region"), (30, 22, 22, 26))[0]
    if kind == "region":
        said, where = a_region(rng, scene, 0.2)
        if not where:
            return pick(f"{ASK}zoom (in on|into|to|in to|onto) {{r}}{PLEASE}", rng, r=said), [call("zoom", way="in")]
        return pick(rng.choice((f"{ASK}zoom (in on|into|to|on|onto|in to) {{r}}{PLEASE}", f"{ASK}(magnify|enlarge|blow up) {{r}}{PLEASE}", f"(a close-up|closeup|close up) of {{r}}{PLEASE}", "{r} (bigger|larger) on the screen", "zoom {r}")), rng, r=said), \
            [call("zoom", **where)]  # fmt: skip
    words = {
        "in": ("zoom in", "magnify", "zoom", "enlarge the image", "make the picture bigger", "closer", "get closer", "zoom in more", "zoom in a bit", "bigger picture", "magnify the image", "I need it larger on the screen"),
        "out": ("zoom out", "smaller picture", "zoom back out", "zoom out a bit", "further away", "make the picture smaller", "unzoom", "less zoom"),
        "fit": ("fit to screen", "fit the image", "whole image", "show the whole image", "reset the zoom", "fit to window", "zoom to fit", "full picture", "back to full view", "show the full slice", "entire slice on the screen", "fit", "original size"),
    }[kind]  # fmt: skip
    return pick(f"{ASK}{rng.choice(words)}{PLEASE}", rng), [call("zoom", way=kind)]


_WHAT: dict[str, tuple[str, ...]] = {
    "outlines": ("outlines", "the outlines", "the contours", "contours", "the borders", "the outline", "the contour", "the boxes", "the marks", "segmentation lines", "the lesion outlines", "overlays"),
    "labels": ("labels", "the labels", "the names", "the region names", "the text on the image", "the annotations", "region labels", "the R numbers"),
    "rulers": ("rulers", "the rulers", "the measurement lines", "the axes", "the calipers", "the ruler", "the diameters on the image", "the scale bar", "measurement lines"),
    "hits": ("hits", "the hits", "the hit panel", "the gallery", "the pictures of the hits", "the result panel", "the thumbnails of the hits", "the gallery of matches"),
    "map": ("the map", "the embedding map", "the scatter plot", "map", "the similarity map", "the atlas map", "the map of the atlas"),
    "heatmap": ("the heatmap", "heatmap", "the heat map", "the saliency map", "the attention map", "the explanation overlay", "a heat map of what mattered"),
}  # fmt: skip


def show_hide(rng: random.Random, scene: Scene) -> Made:
    do, what = rng.choice(("show", "hide", "hide")), rng.choice(tuple(_WHAT))
    said = rng.choice(_WHAT[what])
    if do == "show" and what == "hits":
        what, said = "outlines", "the outlines"
    pattern = {
        "show": (f"{ASK}(show|display|turn on|switch on|put on|draw|bring back|activate) (me |) {{w}}{PLEASE}", "{w} on", "(turn|switch) {w} on", f"show {{w}} again{PLEASE}", "I want to see {w}", "where (are|is) {w}? (turn it on|show it)"),
        "hide": (f"{ASK}(hide|turn off|switch off|take away|take off|get rid of|clear|blank) {{w}}{PLEASE}", "{w} off", "(turn|switch) {w} off", "(I don't want to see|don't show) {w}", "{w} (are|is) in the way, hide (it|them)",
                 f"without {{w}} on the image{PLEASE}"),
    }[do]  # fmt: skip
    return pick(rng.choice(pattern), rng, w=said), [call(do, what=what)]


def fate_of_region(rng: random.Random, scene: Scene) -> Made:
    """Accept or dismiss a suggestion, delete or rename a region."""
    said, where = a_region(rng, scene)
    be = "are" if where.get("region") == "all" else "is"
    kind = rng.choices(("accept", "dismiss", "delete", "rename", "others"), (22, 22, 32, 18, 8))[0]
    if kind == "others":
        do = rng.choice(("delete", "dismiss"))
        return pick(rng.choice(("(delete|remove|erase)" if do == "delete" else "(dismiss|reject|discard)",)) + " (the others|all the other regions|the rest|the other regions)" + PLEASE, rng), \
            [call(do, region="other")]  # fmt: skip
    if kind == "accept":
        return pick(rng.choice((f"{ASK}(accept|keep|confirm|approve|take over|take) {{r}}{PLEASE}", "{r} (is right|is correct|looks right|is good|is real), keep (it|that)", "{r} is a (real |)lesion, (accept|keep) it", "yes, {r} is one, keep it",
                                "(accept|keep) (this|the) suggestion" if not where else "accept {r} as a lesion", f"{{r}} {be} fine, accept")), rng, r=said), [call("accept", **where)]  # fmt: skip
    if kind == "dismiss":
        return pick(rng.choice((f"{ASK}(dismiss|reject|discard|decline|refuse) {{r}}{PLEASE}", "{r} (is not a lesion|is no lesion|is just a vessel|is normal|is an artefact|is only bowel), (dismiss|reject|drop) it", "not a lesion, dismiss {r}", "dismiss (this|the) suggestion" if not where else "reject {r} please",
                                "{r} is a false (positive|alarm), discard it", "{r}: (reject|dismiss|no)")), rng, r=said), [call("dismiss", **where)]  # fmt: skip
    if kind == "delete":
        said, where = a_region(rng, scene, 0.2)
        return pick(rng.choice((f"{ASK}(delete|remove|erase|get rid of|clear|take away|throw away|trash|bin) {{r}}{PLEASE}", f"{{r}} (away|out|weg){PLEASE}" if where else "(delete|remove) {r}", "(delete|remove) the (region|mark|box|outline) {r}" if where.get("region", "").startswith("R") else f"{ASK}delete {{r}}{PLEASE}",
                                "I marked {r} by mistake, (delete|remove) it", "{r} was a mistake, (take it out|delete it|remove it)")), rng, r=said), [call("delete", **where)]  # fmt: skip
    name = rng.choice(
        (
            "liver dome",
            "target",
            "target lesion 1",
            "upper lobe",
            "left kidney",
            "index lesion",
            "T1",
            "nodule A",
            "the big one",
            "segment 7",
            "cyst",
            "metastasis",
            "baseline",
            "node 3",
            "hilum",
            "case seven",
            "Mr. X",
            "teaching",
        )
    )
    quoted = rng.random() < 0.45
    spoken = f'"{name}"' if quoted else name
    return pick(rng.choice((f"{ASK}(rename|relabel) {{r}} (to|as) {{n}}{PLEASE}" if not quoted else f"{ASK}(rename|relabel) {{r}} (to |as |into |) {{n}}{PLEASE}", f"{ASK}call {{r}} {{n}}{PLEASE}" if quoted else "for {r}: call it {n}", "{r} (is|shall be|should be) called {n}" if quoted else "rename {r}, call it {n}",
                            "(change|set) the (name|label) of {r} to {n}", "name {r} {n}" if quoted else "rename {r} to {n}", "label {r} as {n}", "give {r} the name {n}" if quoted else "(rename|relabel) {r} as {n}")), rng, r=said, n=spoken), \
        [call("rename", **where, name="T1")]  # fmt: skip
