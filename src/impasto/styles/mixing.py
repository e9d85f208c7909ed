"""Mixtures of styles: ``great-wave:0.7+udnie:0.3``.

A mixture's vector is the weighted mean of its styles' vectors (Dumoulin et al. 2017, section 3.3).
So it is of what they add to the last layer, and to all kernels, where a style that has none adds
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from impasto.errors import StyleError
from impasto.networks.low_rank import mix_changes
from impasto.styles.gallery import Gallery
from impasto.styles.reference import StyleRef
from impasto.styles.style import Style


def mix_vectors(
    vectors: Sequence[NDArray[np.float32]], weights: Sequence[float]
) -> NDArray[np.float32]:
    """Return the weighted mean of style vectors of one trunk; the weights sum to 1.

    Some may go on with a last layer of their own: it is zeros in the others.
    """
    longest = max(vector.size for vector in vectors)
    alike = [np.pad(vector, (0, longest - vector.size)) for vector in vectors]
    return np.average(np.stack(alike), axis=0, weights=weights).astype(np.float32)


def mixed_style(
    style: str | StyleRef, gallery: Gallery, load: Callable[[str], Style] | None = None
) -> Style:
    """Return a style of a gallery by its name, or a mixture of styles as one.

    Args:
        style: see `StyleRef`; no network.
        gallery: has the trunks.
        load: gives a style by its name; the gallery's own if not given.

    Raises:
        OptionError: the mixture cannot be read.
        StyleError: a style in it is unknown, or they are of different packs.
    """
    ref = StyleRef.parse(style)
    styles = [(load or gallery.load_style)(name) for name, _ in ref.parts]
    if len(styles) == 1:
        return styles[0]
    for other in styles[1:]:
        if other.trunk != styles[0].trunk:
            first, second = (_mates(each, gallery) for each in (styles[0], other))
            raise StyleError(
                f"{styles[0].name} and {other.name} do not mix: their trunks differ",
                f"mix {styles[0].name} with {first}, and {other.name} with {second}",
            )
    weights = [weight for _, weight in ref.parts]
    return Style(
        ref.text,
        mix_vectors([each.vector for each in styles], weights),
        styles[0].trunk,
        kernels=mix_changes([each.kernels for each in styles], weights),
    )


def _mates(style: Style, gallery: Gallery) -> str:
    """Return the styles that mix with this one."""
    pack = gallery.styles_of(gallery.trunk_of(style))
    return ", ".join(each.name for each in pack if each.name != style.name) or "no other"
