"""A picture as its file has it: any depth, grey, RGB or CMYK, in the colours of its own profile.

Networks see 8-bit sRGB, and their paintings are 8-bit in essence. The photo is not: between photo
and painting, at partial strength, its own depth shows as smooth skies, and at strength 0 every bit
of it must come back. So the blending happens here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Pixels
from impasto.images.blend import Strength, blend, in_bands
from impasto.images.profiles import from_srgb, to_srgb

Samples = NDArray[Any]
"""An array of uint8, uint16 or float32."""


@dataclass(frozen=True)
class Metadata:
    """A file's description of its picture.

    Attributes:
        exif: as JPEG files hold it, from ``Exif`` on, the orientation upright; may be empty.
        xmp: an XMP packet; may be empty.
        dpi: resolution across and down, in pixels an inch, if it is known.
    """

    exif: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None

    def sized(self, width: int, height: int) -> Metadata:
        """Return the metadata of a picture that has become another size, in pixels."""
        from PIL import ExifTags, Image

        exif = Image.Exif()
        exif.load(self.exif)
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        tags: dict[int, int] = {
            ExifTags.Base.ExifImageWidth: width,
            ExifTags.Base.ExifImageHeight: height,
        }
        wrong = {tag: length for tag, length in tags.items() if inner.get(tag, length) != length}
        inner.update(wrong)
        return replace(self, exif=exif.tobytes()) if wrong else self


NO_METADATA = Metadata()


@dataclass(frozen=True, eq=False)
class Original:
    """A picture's samples, and how to understand them.

    Attributes:
        samples: H x W x C, uint8, uint16 or float32; C is 1 for grey, 3 for RGB, 4 for CMYK (where
            0 is no ink).
        alpha: H x W, of the same type, 0 transparent to ``white`` opaque; none if opaque.
        white: the sample that means full light (or ink): 255, 65535, or what the floats go up to.
        profile: ICC profile of the samples' colours; sRGB if empty.
    """

    samples: Samples
    alpha: Samples | None = None
    white: float = 255.0
    profile: bytes = b""

    @classmethod
    def split(cls, channels: Samples, alpha: bool, white: float, profile: bytes) -> Original:
        """Return the original of an array whose last channel may be alpha."""
        if not alpha:
            return cls(channels, None, white, profile)
        colors, opacity = channels[..., :-1], channels[..., -1]
        return cls(np.ascontiguousarray(colors), np.ascontiguousarray(opacity), white, profile)

    @property
    def channels(self) -> Samples:
        """Samples and alpha, if there is any, in one array."""
        return self.samples if self.alpha is None else np.dstack([self.samples, self.alpha])

    @property
    def mode(self) -> str:
        """``L``, ``RGB`` or ``CMYK``, as Pillow calls them."""
        return {1: "L", 3: "RGB", 4: "CMYK"}[self.samples.shape[2]]

    @property
    def clipped_px(self) -> int:
        """Number of pixels with samples beyond 0 and white, as only floats can have: they are seen
        as these.
        """
        if self.samples.dtype.kind != "f":
            return 0
        inside = (self.samples >= 0) & (self.samples <= self.white)
        return int(np.count_nonzero(~inside.all(axis=2)))

    @property
    def is_plain(self) -> bool:
        """Whether pixels and alpha say it all: 8-bit sRGB."""
        return self.samples.dtype == np.uint8 and self.mode == "RGB" and not self.profile

    def to_pixels(self) -> Pixels:
        """Return H x W x 3, uint8, sRGB: the samples themselves if these are such already. Greys
        become three alike.
        """
        if self.is_plain:
            return np.ascontiguousarray(self.samples)
        return to_srgb(to_8_bit(self.samples, self.white), self.profile)

    def alpha_8_bit(self) -> Pixels | None:
        """Return alpha as H x W, uint8."""
        return None if self.alpha is None else to_8_bit(self.alpha, self.white)

    def blend(self, painting: Pixels, strength: Strength) -> Original:
        """Return ``strength * painting + (1 - strength) * photo`` in the photo's own depth and
        profile.

        Grey becomes RGB, since paintings are in colour: sRGB, as a profile for grey does not apply.

        Args:
            painting: H x W x 3, uint8, sRGB.
            strength: 0 gives the photo, 1 the painting; above 1 exaggerates. A number, or H x W.
        """
        samples, profile = self.samples, self.profile
        if self.mode == "L":
            samples, profile = np.repeat(self._grey_in_srgb(), 3, axis=2), b""
        painted = from_srgb(painting, "CMYK" if self.mode == "CMYK" else "RGB", profile)
        mixed = mix(samples, painted, strength, self.white)
        return Original(mixed, self.alpha, self.white, profile)

    def _grey_in_srgb(self) -> Samples:
        """Convert grey samples of another tone curve, by the curve that their profile draws."""
        if not self.profile:
            return self.samples
        levels = np.arange(256, dtype=np.uint8)[None, :, None]
        curve = to_srgb(levels, self.profile)[0, :, 0].astype(np.float64)
        places = self.samples * (255.0 / self.white)
        converted = np.interp(places, np.arange(256), curve) * (self.white / 255.0)
        return cast_samples(converted, self.samples.dtype, self.white)


def mix(samples: Samples, painted: Pixels, strength: Strength, white: float) -> Samples:
    """Return ``strength * painted + (1 - strength) * samples``, in the samples' type.

    Args:
        samples: H x W x C.
        painted: the same shape, 0 to 255.
        strength: of the painting; a number, or H x W.
        white: the sample that painted's 255 corresponds to.
    """
    if samples.dtype == np.uint8:
        return blend(samples, painted, strength)

    def mixed(samples: Samples, painted: Samples, share: Samples) -> Samples:
        values = samples * (1 - share) + painted * (share * np.float32(white / 255.0))
        # Where there is none of the painting, no bit of the photo may change.
        return np.where(share == 0, samples, cast_samples(values, samples.dtype, white))

    if isinstance(strength, np.ndarray):
        return in_bands(mixed, samples, painted, strength[..., None])
    return in_bands(partial(mixed, share=np.float32(strength)), samples, painted)


def full_white(kind: np.dtype[Any]) -> float:
    """Return the sample of a type that means full light: the largest whole number; of floats, 1."""
    return 1.0 if kind.kind == "f" else float(2 ** (8 * kind.itemsize) - 1)


def cast_samples(values: NDArray[np.floating], kind: np.dtype[Any], white: float) -> Samples:
    """Convert floats to samples of a type; whole numbers are rounded and clipped."""
    if kind.kind == "f":
        return values.astype(np.float32)
    rounded: Samples = np.rint(values).clip(0, white).astype(kind)
    return rounded


def to_8_bit(samples: Samples, white: float) -> Pixels:
    """Convert samples from 0 to white to 0-255, rounded; what lies beyond is clipped, NaN is 0."""
    if samples.dtype == np.uint8 and white == 255:
        return samples

    def rounded(samples: Samples) -> Samples:
        values = samples * np.float32(255.0 / white)
        if samples.dtype.kind == "f":
            values = np.nan_to_num(values, nan=0, posinf=255, neginf=0)
        return cast_samples(values, np.dtype(np.uint8), 255)

    return in_bands(rounded, samples)
