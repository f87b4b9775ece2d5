"""The same facts in other words."""

import re

from eval.assistant.paraphrases import paraphrases
from tests.eval.assistant.test_perturbations import SEARCH
from tools.domain.facts import AtlasFacts, RegionFacts, ReportFacts


def test_every_number_of_a_sentence_is_a_fact():
    text = " ".join(paraphrases(SEARCH))
    known = {"1", "2", "20.4", "20", "10", "2.04", "63", "40", "0.90", "0.800", "62", "80", "90", "9.8", "0.98"}
    assert set(re.findall(r"(?<![A-Z-])\b\d+(?:\.\d+)?", text)) <= known
    assert "[A-1]" in text


def test_regions_and_counts_are_told():
    region = RegionFacts(
        region_id="R2", slice=3, slices=6, origin="click", long_axis_mm=24.5, short_axis_mm=23.9, area_mm2=460,
        mean_hu=-20, sd_hu=12, min_hu=-60, max_hu=30,
    )  # fmt: skip
    assert "R2 is roughly 2.5 cm across." in paraphrases(region) or "R2 is roughly 2.4 cm across." in paraphrases(
        region
    )
    atlas = AtlasFacts(
        name="a", group_by="lesion_type", counts={"liver": 7, "lung": 3}, total=10, patients=4, synthetic=True
    )
    assert "There are 7 liver lesions in the atlas." in paraphrases(atlas)


def test_what_nobody_paraphrases_is_silent():
    assert paraphrases(ReportFacts(format="json", file_name="a.json", regions=1, searches=0)) == []
