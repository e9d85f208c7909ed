"""Styles: vectors, the shipped gallery, and mixtures."""

from impasto.styles.gallery import Gallery, open_gallery
from impasto.styles.mixing import mix_vectors, parse_mixture, style_vector
from impasto.styles.own import add_style, remove_style
from impasto.styles.style import STYLE_SUFFIX, Style, StyleCard, read_style, write_style

__all__ = [
    "STYLE_SUFFIX",
    "Gallery",
    "Style",
    "StyleCard",
    "add_style",
    "mix_vectors",
    "open_gallery",
    "parse_mixture",
    "read_style",
    "remove_style",
    "style_vector",
    "write_style",
]
