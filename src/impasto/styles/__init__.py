"""Styles: vectors, the shipped gallery, and mixtures."""

from impasto.styles.gallery import Gallery, GallerySource, open_gallery
from impasto.styles.mixing import mix_vectors, mixed_style
from impasto.styles.own import add_style, learning_folder, remove_style
from impasto.styles.pack import ENCODER_FILE, TRUNK_FILE, Pack
from impasto.styles.painting import OPTIMISED_PX, read_painting, thumbnail, visible_pixels
from impasto.styles.reference import StyleRef
from impasto.styles.style import STYLE_SUFFIX, Style, StyleCard, read_style, write_style

__all__ = [
    "ENCODER_FILE",
    "OPTIMISED_PX",
    "STYLE_SUFFIX",
    "TRUNK_FILE",
    "Gallery",
    "GallerySource",
    "Pack",
    "Style",
    "StyleCard",
    "StyleRef",
    "add_style",
    "learning_folder",
    "mix_vectors",
    "mixed_style",
    "open_gallery",
    "read_painting",
    "read_style",
    "remove_style",
    "thumbnail",
    "visible_pixels",
    "write_style",
]
