"""DICOM films: from bytes to the picture that a viewer shows, and what the file says of it."""

from cxr_dash.imaging.formats.dicom.film_format import DICOM, DicomFormat, start_decoder

__all__ = ["DICOM", "DicomFormat", "start_decoder"]
