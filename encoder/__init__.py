"""Pixels to unit vector. Knows nothing of DICOM, Chroma or chat."""
