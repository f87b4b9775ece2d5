"""The published figures beside ours: both ways of counting, on whatever data there is."""

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack, write_pack
from eval.bench import typed_lesions
from eval.encoder.lidc import LabelError
from eval.encoder.paper import PUBLISHED_MAP10, compare_with_paper, pack_lesions, to_markdown


def pack(count: int = 60) -> tuple[np.ndarray, list[dict[str, str]]]:
    images = np.zeros((count, 64, 64), np.uint8)
    images[::2] = 200
    rows = [
        {"lesion_id": f"L{i}", "patient_id": f"P{i // 2}", "lesion_type": "bone" if i % 2 == 0 else "liver",
         "split": "test" if i >= count // 2 else ""}
        for i in range(count)
    ]  # fmt: skip
    return images, rows


def brightness(rois: np.ndarray) -> np.ndarray:
    bright = (rois.mean((1, 2)) > 100).astype(np.float32)
    return np.stack((bright, 1 - bright), axis=1)


def blind(rois: np.ndarray) -> np.ndarray:
    return np.ones((len(rois), 1), np.float32)


def test_a_perfect_embedding_gets_one_where_there_is_something_to_find():
    report = compare_with_paper(pack_lesions("made up", *pack()), brightness)
    rows = {row.measure: row for row in report.rows}
    assert rows["accuracy, linear probe"].ours == rows["macro F1, k-NN"].ours == 1
    assert rows["mAP@10, cross-patient"].ours == rows["mAP@10, cross-patient"].strict == 1
    assert rows["mAP@10, all"].published == PUBLISHED_MAP10["all"]
    assert report.lesions == 30
    assert "| mAP@10, cross-patient | 0.465 | 1.000 | 1.000 |" in to_markdown(report)


def test_the_published_count_flatters_by_the_query_itself():
    """A patient has one lesion of each type: alone in its patient, a query is its own only relevant hit."""
    report = compare_with_paper(pack_lesions("made up", *pack()), blind)
    same = next(row for row in report.rows if row.measure == "mAP@10, same-patient")
    assert same.ours == pytest.approx((1 + 9 * 0.5) / 10)
    assert np.isnan(same.strict)  # nothing relevant to find


def test_a_pack_with_context_is_embedded_with_it(tmp_path):
    rois, rows = pack()
    context = 255 - rois
    context[:, 0] = 7  # not of one value
    written = [LesionRow(**{name: value or None for name, value in row.items()}) for row in rows]
    write_pack(RoiPack(rois, tuple(written), context), tmp_path)
    lesions = typed_lesions(tmp_path, tmp_path)
    np.testing.assert_array_equal(lesions.images, np.stack((rois, context), axis=1))
    report = compare_with_paper(lesions, lambda inputs: brightness(inputs[:, 1]))
    assert {row.measure: row for row in report.rows}["accuracy, linear probe"].ours == 1


def test_a_pack_without_a_split_is_refused():
    images, rows = pack()
    with pytest.raises(LabelError, match="split = test"):
        pack_lesions("deeplesion", images, [row | {"split": ""} for row in rows])
