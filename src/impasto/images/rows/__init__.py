"""Row by row: PNG and TIFF files of any size and of 16 bits, which Pillow holds whole and in 8."""

from impasto.images.rows.layout import Layout
from impasto.images.rows.png_reader import PNG_SIGNATURE, PngReader, check_png
from impasto.images.rows.png_writer import PngWriter
from impasto.images.rows.tiff_reader import TiffReader
from impasto.images.rows.tiff_writer import TiffWriter

RowReader = PngReader | TiffReader
"""A file whose picture is read from top to bottom, a few rows at a time."""
RowWriter = PngWriter | TiffWriter
"""One that is written so."""

__all__ = [
    "PNG_SIGNATURE",
    "Layout",
    "PngReader",
    "PngWriter",
    "RowReader",
    "RowWriter",
    "TiffReader",
    "TiffWriter",
    "check_png",
]
