"""What is asked for and no tool does yet: one honest sentence, and what does it instead.

Keyed by the word of the call language (`assistant/understanding/call_language.py`). A call leaves this table when its
tool exists.
"""

NOT_YET = {
    "window": "A display window has a width and a level in HU: say both, e.g. W 400 L 40, or name one, such as lung.",
    "show": "I can show and hide outlines, labels and rulers; everything else has its own button beside the picture.",
    "report": "I write reports as HTML, text, Markdown, JSON, DICOM SR or DICOM SEG; the HTML one prints well and "
    "can be saved as PDF.",
    "export": "I save the view as a PNG and write reports; other exports do not exist yet.",
}
NOT_YET |= {
    "hide": NOT_YET["show"],
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
