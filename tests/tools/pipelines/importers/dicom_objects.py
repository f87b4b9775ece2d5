"""SEG, RTSTRUCT and SR over the images of `bodies.CtSeries`, made by highdicom and pydicom."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.tools.pipelines.importers.bodies import CtSeries


def write_seg(path, ct: CtSeries, mask=None, label="Lesion 1", category=None, kind=None, **options) -> None:
    """Write a SEG of one segment by highdicom; its frames lie as the images do."""
    from highdicom import AlgorithmIdentificationSequence, seg

    mask = ct.mask() if mask is None else mask
    description = seg.SegmentDescription(
        segment_number=1,
        segment_label=label,
        segmented_property_category=category or codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=kind or codes.SCT.Lesion,
        algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence("test", codes.DCM.ArtificialIntelligence, "1"),
    )
    made = seg.Segmentation(
        source_images=ct.images,
        pixel_array=mask.astype(np.uint8),
        segmentation_type=options.pop("segmentation_type", seg.SegmentationTypeValues.BINARY),
        segment_descriptions=[description],
        series_instance_uid=generate_uid(),
        series_number=9,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        **options,
    )
    made.save_as(path)


def write_rtstruct(path, ct: CtSeries, structures: dict[str, list[np.ndarray]], kinds=None, references=True) -> None:
    """Write an RTSTRUCT: contours (N, 3) in mm by name of structure."""
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    d.StudyInstanceUID, d.SeriesInstanceUID, d.Modality = ct.study_uid, generate_uid(), "RTSTRUCT"
    d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = ct.patient_name, ct.patient_id, "19640203", "F"
    d.StructureSetLabel, d.StudyDate, d.AccessionNumber = "Plan of Dr Doe", "20250301", "ACC99"

    def item(**values) -> Dataset:
        one = Dataset()
        for name, value in values.items():
            setattr(one, name, value)
        return one

    uids = [image.SOPInstanceUID if references else generate_uid() for image in ct.images]
    images = [item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=uid) for uid in uids]
    series = item(SeriesInstanceUID=ct.series_uid if references else generate_uid(), ContourImageSequence=images)
    study = item(ReferencedSOPInstanceUID=ct.study_uid, RTReferencedSeriesSequence=[series])
    d.ReferencedFrameOfReferenceSequence = [item(FrameOfReferenceUID=ct.frame_uid, RTReferencedStudySequence=[study])]
    d.StructureSetROISequence, d.ROIContourSequence, d.RTROIObservationsSequence = [], [], []
    for number, (name, contours) in enumerate(structures.items(), start=1):
        roi = item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=ct.frame_uid)
        d.StructureSetROISequence.append(roi)
        drawn = [
            item(
                ContourGeometricType="CLOSED_PLANAR",
                NumberOfContourPoints=len(points),
                ContourData=[f"{v:.3f}" for v in points.ravel()],
            )
            for points in contours
        ]
        d.ROIContourSequence.append(item(ReferencedROINumber=number, ContourSequence=drawn))
        d.RTROIObservationsSequence.append(
            item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType=(kinds or {}).get(name, ""))
        )
    d.save_as(path, enforce_file_format=True)


def contours_of(ct: CtSeries) -> list[np.ndarray]:
    """The outlines of the lesion on every slice that it reaches."""
    low, high = ct.lesion.centre[2] - ct.lesion.half[2], ct.lesion.centre[2] + ct.lesion.half[2]
    return [ct.lesion.outline(ct.height(k)) for k in range(ct.slices) if low < ct.height(k) < high]


def write_sr(path, ct: CtSeries, regions, finding=codes.SCT.Lesion) -> None:
    """Write a TID 1500 report by highdicom; `regions` are (slice index, graphic type, points (N, 2) in pixels)."""
    from highdicom import sr

    observer = sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name="Reader^One"),
    )
    groups = []
    for number, (k, kind, points) in enumerate(regions):
        image = ct.images[k]
        region = sr.ImageRegion(
            graphic_type=kind,
            graphic_data=points,
            source_image=sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID),
        )
        groups.append(
            sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=sr.TrackingIdentifier(generate_uid(), f"Lesion{number}"),
                referenced_region=region,
                finding_type=finding,
            )
        )
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_person_context=observer),
        procedure_reported=codes.cid100.CTUnspecifiedBodyRegion,
        imaging_measurements=groups,
    )
    document = sr.Comprehensive3DSR(
        evidence=ct.images,
        content=report[0],
        series_instance_uid=generate_uid(),
        series_number=8,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="test",
        is_complete=True,
    )
    document.save_as(path)


def write_state(path, ct: CtSeries, graphics, units="PIXEL") -> None:
    """Write a presentation state by highdicom; `graphics` are (slice index, type, points (N, 2) in pixels)."""
    from highdicom import pr

    layer = pr.GraphicLayer("LAYER1", order=1)
    annotations = [
        pr.GraphicAnnotation(
            referenced_images=[ct.images[k]],
            graphic_layer=layer,
            graphic_objects=[pr.GraphicObject(graphic_type=kind, graphic_data=points, units=units)],
            text_objects=[pr.TextObject("Cyst of Mustermann", units=units, anchor_point=(0.2, 0.2))],
        )
        for k, kind, points in graphics
    ]
    pr.GrayscaleSoftcopyPresentationState(
        referenced_images=ct.images,
        series_instance_uid=generate_uid(),
        series_number=7,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        content_label="LESIONS",
        graphic_layers=[layer],
        graphic_annotations=annotations,
    ).save_as(path)


def outline_px(ct: CtSeries, k: int) -> np.ndarray:
    """The outline of the lesion on a slice, (N, 2) of x, y in pixels, whose corner is 0, 0; not closed."""
    affine = ct.affine(k)
    offset = ct.lesion.outline(ct.height(k)) - affine[:3, 3]
    x, y = offset @ affine[:3, 0] / ct.spacing[1] ** 2, offset @ affine[:3, 1] / ct.spacing[0] ** 2
    return np.stack([x, y], axis=1) + 0.5
