"""Pictures: reading, writing, resizing, padding, keeping colours. All pixels are RGB uint8."""

from impasto.images.colors import keep_colors
from impasto.images.geometry import pad_reflect, resize, scale_shorter_side
from impasto.images.picture import Picture, check_pixels
from impasto.images.reading import IMAGE_SUFFIXES, MAX_PIXELS, read_image
from impasto.images.writing import FORMATS, check_format, encode_image, write_image

__all__ = [
    "FORMATS",
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "Picture",
    "check_format",
    "check_pixels",
    "encode_image",
    "keep_colors",
    "pad_reflect",
    "read_image",
    "resize",
    "scale_shorter_side",
    "write_image",
]
