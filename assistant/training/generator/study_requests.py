"""Questions about the study, its series and images, and about places: what the file says, and on which slice things lie."""

import random

from assistant.training.generator.number_phrases import number
from assistant.training.generator.phrase_tables import pick
from assistant.training.generator.scenes import Made, Scene, call
from assistant.training.generator.viewer_requests import PLEASE, a_region

CT = "(scan|CT|study|exam|examination|series)"
TOPICS: dict[str, tuple[str, ...]] = {
    "date": (f"when was (this|the) {CT} (made|done|taken|acquired|performed)(?|)", f"(what|which) date is (this|the) {CT}?", "(scan|study|exam|acquisition) date(?|)", f"how old is (this|the) {CT}?", f"what year is (this|the) {CT} from?",
             f"date of (the|this) {CT}(?|)", f"is (this|it) a recent {CT}?", "how recent are these images?", "when were these pictures taken?", "what day was he scanned?"),
    "phase": ("(which|what) (contrast |)phase is (this|it)(?|)", "is (this|it) (arterial|portal venous|venous|delayed|nephrographic) phase?", "arterial or (portal venous|venous)?", "contrast phase(?|)", "phase?", "is (this|that) the portal phase?",
              "was that scanned in the (arterial|venous) phase?", "late or early phase?", "phase of contrast?"),
    "plane": ("(which|what) plane is (this|it)(?|)", "is (this|it) (axial|coronal|sagittal)?", "axial or coronal?", "(orientation|plane)?", "what orientation are these (images|slices)?", "am I looking at (coronal|axial|sagittal) images?", "are those reformats coronal?"),
    "kernel": ("(which|what) kernel (was used|is this|is it)(?|)", "(reconstruction |)kernel(?|)", "is (this|it) a (sharp|soft) kernel?", "sharp or soft kernel?", "what reconstruction (algorithm|filter|kernel)(?|)", "bone or soft tissue kernel?", "convolution kernel?", "is this the lung kernel?"),
    "lossy": ("is (this|it|the image) (lossy|compressed|lossily compressed)(?|)", "(lossy|lossless) or (lossless|lossy)?", "were the images compressed?", "any (lossy |)compression(?|)", "jpeg compressed?", "has it lost quality by compression?", "compression(?|)", "are these JPEGs lossless?"),
    "thickness": ("(what is the |what's the |)slice thickness(?|)", "how thick are the (slices|cuts|sections)(?|)", "(thin|thick) slices?", "thickness(?|)", f"how thin are the slices of (this|the) {CT}?", "is that 1 mm or 5 mm?", "slice thickness in mm?", "reconstructed at how many mm?", "thickness of the cuts please"),
    "contrast": ("was contrast (given|used|injected)(?|)", "(with|without) contrast?", "is (this|it) contrast(-| )enhanced?", "contrast or (native|plain)?", "did (he|she|the patient) get (iv |)contrast(?|)", "contrast(?|)", "is it an enhanced scan?", "plain or enhanced CT?", "contrast medium yes or no?", "any contrast on board?"),
    "kind": ("is (this|it) a MIP(?|)", "(original|derived) or (derived|original)?", "is (this|that|it) (an original|a derived|a secondary|a reformatted) (image|series)?", "are these (MIPs|originals|average intensity projections)?", "is it a scout or a real series?", "is this (a screenshot|secondary capture)?", "localizer?",
             "computed map or original?", "is that a maximum intensity projection?"),
    "series": ("(which|what) series (are there|do we have|are loaded|does the upload hold)(?|)", "how many series(?| are there?| are in it?)", "list the series(.|)", "(is there|are there) (any|an|another|a) (other |)(series|stacks)(?|)", "series list", "what other series do I have?", "name all series", "show me what series exist",
               "is there a prior( scan|)?", "do we have an older exam?", "is a coronal series included?"),
    "age": ("how old is (he|she|the patient|my patient|this patient)(?|)", "(patient's |patient |)age(?|)", "what is the (patient's age|age of the patient)(?|)", "(is he|is she) over 60?", "what age is (he|she)?", "age of this person?", "how many years has the patient?", "his age?"),
    "sex": ("(is the patient|is it|is this) (male or female|a man or a woman)(?|)", "(patient's |patient |)(sex|gender)(?|)", "man or woman?", "is this a (woman|man|lady|male|female)?", "what sex is (the|my) patient?", "m or f?", "he or she?"),
    "part": ("(which|what) (body part|body region|part of the body|region of the body) (is this|was scanned|is shown|do we see)(?|)", "body part(?|)", "is (this|it) a (chest|abdominal|neck|pelvic|thorax) CT(?|)", "chest or abdomen?", "what was scanned?", "which region is covered?", "what part of him am I looking at?",
             "does the scan cover the pelvis?"),
    "slices": ("how many (slices|images|cuts|layers)(?| are there?| does it have?| in this series?)", "number of (slices|images)(?|)", "slice count(?|)", "(slices|images) in total?", "how long is the stack?", "how big is the stack, in slices?", "is the series complete, how many images?", "how many pictures did I load?"),
    "spacing": ("(what is the |)(pixel|voxel) (spacing|size)(?|)", "how (big|large) is a (pixel|voxel)(?|)", "(spacing|in-plane resolution|resolution)(?|)", "spacing between the slices(?|)", "what's the resolution of this (CT|scan)?", "slice spacing?", "distance between (two |)slices?", "mm per pixel?", "voxel dimensions?"),
    "modality": ("(is this|is it) (CT or MR|a CT or an MRI|CT|an MRI|MR|PET)(?|)", "(what|which) modality(?| is this?| is it?)", "modality(?|)", "CT or MRI?", "is it really a CT?", "what kind of (imaging|machine images) is this?"),
}  # fmt: skip
EVERYTHING = (
    f"(describe|summarise|summarize|tell me about) (the|this|my) {CT}{PLEASE}", f"what (kind|type|sort) of {CT} is this(?|)", f"(tell me |)(everything|all you know) about (the|this) {CT}{PLEASE}", f"{CT} (info|details|facts|parameters|data|summary){PLEASE}",
    "what have I (loaded|uploaded|opened)(?|)", "what's in the header?", "read me the header", "demographics and technique please", f"which scanner made (this|the) {CT}?", "scan parameters", "kVp and scanner?", "what do you know about the study?",
)  # fmt: skip


def study_topics(rng: random.Random, scene: Scene) -> Made:
    if rng.random() < 0.12:
        return pick(rng.choice(EVERYTHING), rng), [call("study")]
    if rng.random() < 0.14:
        nouns = {"date": "date", "phase": "phase", "plane": "plane", "kernel": "kernel", "thickness": "slice thickness", "contrast": "contrast", "age": "age", "sex": "sex",
                 "part": "body part", "slices": "number of slices", "spacing": "pixel spacing", "modality": "modality"}  # fmt: skip
        chosen = rng.sample(tuple(nouns), rng.choices((2, 3, 4), (70, 22, 8))[0])
        said = [nouns[one] for one in chosen]
        listed = (
            rng.choice((", ", " / ", " + ")).join(said)
            if rng.random() < 0.3
            else f"{', '.join(said[:-1])} and {said[-1]}"
        )
        return pick(
            rng.choice(
                (
                    f"{{l}}{PLEASE}",
                    f"{{l}} of (the|this) {CT}(?|)",
                    "(give me|tell me|I need|what are) the {l}(?|)",
                    "{l}?",
                )
            ),
            rng,
            l=listed,
        ), [call("study", topic="+".join(chosen))]
    topic = rng.choice(tuple(TOPICS))
    lead = rng.choice(
        (
            "",
            "",
            "",
            "",
            "quick question: ",
            "and ",
            "remind me, ",
            "by the way, ",
            "for the report: ",
            "ok, ",
            "just checking, ",
        )
    )
    return pick(lead + rng.choice(TOPICS[topic]), rng), [call("study", topic=topic)]


def where_is(rng: random.Random, scene: Scene) -> Made:
    said, where = a_region(rng, scene)
    be = "are" if where.get("region") == "all" else "is"
    return pick(rng.choice((f"(on |)(which|what) (slice|image|cut|layer) {be} {{r}}( on|)(?|)", f"where {be} {{r}}(?|)", "(which|what) slice does {r} lie on?" if be == "is" else "where do they lie?", "slice (number |)of {r}(?|)", f"where {be} {{r}} located(?|)",
                            f"on (which|what) (slice|level) {be} {{r}}?", "{r}: (which|what) slice?", "(tell me|give me) the slice (number |)of {r}", "in which slice (do I find|can I see) {r}?", "where do I find {r} in the stack?", f"(what|which) slice number {be} {{r}} on?",
                            "where was {r} again?")), rng, r=said), [call("where", **where)]  # fmt: skip


def image_number(rng: random.Random, scene: Scene) -> Made:
    n = rng.choice((rng.randint(1, 60), rng.randint(1, 600)))
    said = number(n, rng, 0.05)
    if rng.random() < 0.6:
        return pick(rng.choice((f"(which|what) slice is (image|im|img) {said}(?|)", f"is (image|im) {n} (the same (as|slice as) this|this slice|here)?", f"image {n} (in|on) (PACS|the workstation|our viewer), which slice is (it|that) here?", f"PACS says im {n}, which slice is that?",
                                f"(which|what) slice (does|has|corresponds to|belongs to) (image|instance) (number |){n}( have|)(?|)", f"my colleague says image {n}: (is that this slice|which slice does he mean)?", f"is image {n} slice {n}?" if rng.random() < 0.5 else f"image {n} = (which|what) slice?",
                                f"the report mentions image {n}, where is it (in this stack|here)?", f"instance number {n} is which of your slices?")), rng), [call("image", image=str(n))]  # fmt: skip
    return pick(rng.choice((f"(which|what) image (number |)(is|has|does) slice {said}( have|)(?|)", f"image number of slice {n}(?|)", f"slice {n} (is|has) which (image|instance) number( in PACS|)?", f"what is slice {n} (called|numbered) in (PACS|the file)?", f"what instance number does slice {n} have?",
                            f"slice {n}: (image number|instance number)?", f"how does the PACS number slice {n}?")), rng), [call("image", slice=str(n))]  # fmt: skip
