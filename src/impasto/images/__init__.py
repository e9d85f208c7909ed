"""Pictures: reading, writing, resizing, borders, grain, colours.

All pixels are RGB uint8; what else a file holds goes along as a picture's `Original`.
"""

from impasto.images.blend import Strength, blend
from impasto.images.colors import (
    ColorMap,
    keep_colors,
    match_histograms,
    match_linearly,
)
from impasto.images.decoding import MAX_PIXELS
from impasto.images.geometry import fit_within, pad_reflect, resize, scale_shorter_side
from impasto.images.grain import (
    GRAIN_PX,
    add_grain,
    add_plain_grain,
    grain_levels,
    grain_tile,
    tiled,
)
from impasto.images.guided import detail_radius_px, luminance, restore_detail
from impasto.images.original import Metadata, Original
from impasto.images.photo_file import (
    IMAGE_SUFFIXES,
    PhotoFile,
    find_images,
    is_image,
    read_image,
)
from impasto.images.picture import Frame, Picture, check_pixels
from impasto.images.plain_ground import AROUND_PX, PLAIN_SLOPE, plain_ground
from impasto.images.sequence import holds_several, write_sequence
from impasto.images.sheet import contact_sheet, side_by_side
from impasto.images.sources import PictureSource, as_picture
from impasto.images.transparency import bleed, lay_on_white
from impasto.images.writing import FORMATS, check_format, encode_image, write_image

__all__ = [
    "AROUND_PX",
    "FORMATS",
    "GRAIN_PX",
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "PLAIN_SLOPE",
    "ColorMap",
    "Frame",
    "Metadata",
    "Original",
    "PhotoFile",
    "Picture",
    "PictureSource",
    "Strength",
    "add_grain",
    "add_plain_grain",
    "as_picture",
    "bleed",
    "blend",
    "check_format",
    "check_pixels",
    "contact_sheet",
    "detail_radius_px",
    "encode_image",
    "find_images",
    "fit_within",
    "grain_levels",
    "grain_tile",
    "holds_several",
    "is_image",
    "keep_colors",
    "lay_on_white",
    "luminance",
    "match_histograms",
    "match_linearly",
    "pad_reflect",
    "plain_ground",
    "read_image",
    "resize",
    "restore_detail",
    "scale_shorter_side",
    "side_by_side",
    "tiled",
    "write_image",
    "write_sequence",
]
