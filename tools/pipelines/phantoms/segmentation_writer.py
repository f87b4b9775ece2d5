"""The lesions of a phantom study as a DICOM segmentation (PS3.3 A.51), so that annotations of an archive can be tried.

Written through highdicom, which is loaded where it is wanted only.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.valuerep import DA, TM

from tools.pipelines.phantoms.dicom_writer import PhantomStudy

SERIES_NUMBER = 2


def write_segmentation(
    path: Path, series: Path, study: PhantomStudy, lesions: NDArray[np.uint8], types: Sequence[str]
) -> None:
    """Write one segment for each of `types`; `lesions` (slices, rows, columns) holds their numbers from 1, 0 elsewhere.

    `series` is the folder with the slices of the study, from the feet upwards.
    """
    from highdicom.seg import Segmentation as Document
    from highdicom.seg import SegmentationTypeValues, SegmentDescription
    from pydicom.sr.codedict import codes

    document = Document(
        source_images=[dcmread(file, stop_before_pixels=True) for file in sorted(series.glob("*.dcm"))],
        pixel_array=lesions,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[
            SegmentDescription(
                segment_number=number,
                segment_label=name,
                segmented_property_category=codes.cid7150.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Lesion,
                algorithm_type="MANUAL",
            )
            for number, name in enumerate(types, start=1)
        ],
        series_instance_uid=study.uid("segmentation series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=study.uid("segmentation"),
        instance_number=1,
        manufacturer="Lesion Search",
        manufacturer_model_name="Teaching phantom",
        software_versions="1",
        device_serial_number=str(study.seed),
        series_description="SYNTHETIC: lesions of a teaching phantom",
        content_label="LESIONS",
    )
    document.ContentDate, document.ContentTime = DA(study.date), TM("090000")
    path.parent.mkdir(parents=True, exist_ok=True)
    document.save_as(path)
