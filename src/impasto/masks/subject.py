"""The subject of a photo, told from its background: GrabCut, from a box or from what stands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto._util.arrays import Floats, Pixels
from impasto.errors import OptionError
from impasto.images.geometry import resize, scale_shorter_side
from impasto.images.guided import guided_filter, luminance

Mask = Pixels

WORKING_PX = 320  # the shorter side that GrabCut sees
ROUNDS = 5
SALIENCY_PX = 64
BORDER_SHARE = 0.02  # of a picture's sides, background for sure where nothing else is known
SOFT_RADIUS_PX, SOFT_EPSILON = 4, 1e-4
HAZE = 0.05


@dataclass(frozen=True)
class Subject:
    """The subject of a photo.

    Attributes:
        box: left, top, width and height in pixels of something around it; found by itself if not
            given.
        inverted: the background instead.
    """

    box: tuple[int, int, int, int] | None = None
    inverted: bool = False


def find_subject(photo: Pixels, subject: Subject, full_size: tuple[int, int] | None = None) -> Mask:
    """Find the subject of a photo.

    GrabCut (Rother et al. 2004) on a reduced copy; what it starts from is the box, or spectral
    residual saliency (Hou & Zhang 2007). The edge is then softened along the photo's own (He et al.
    2010, section 4, "matting").

    Args:
        photo: H x W x 3, uint8, RGB; a reduced copy will do.
        subject: with or without a box.
        full_size: width and height that the box counts in; the photo's if not given.

    Returns:
        uint8, 255 where the subject is, in the photo's proportions, but smaller.

    Raises:
        OptionError: the box is outside of the photo, or nothing is found.
    """
    import cv2

    full_width, full_height = full_size or (photo.shape[1], photo.shape[0])
    shorter = min(photo.shape[:2])
    small = photo if shorter <= WORKING_PX else scale_shorter_side(photo, WORKING_PX)
    height, width = small.shape[:2]
    labels = np.full((height, width), cv2.GC_BGD, dtype=np.uint8)
    if subject.box:
        left, top, box_width, box_height = subject.box
        x, y = width / full_width, height / full_height
        rows = slice(round(max(0, top) * y), round(min(full_height, top + box_height) * y))
        columns = slice(round(max(0, left) * x), round(min(full_width, left + box_width) * x))
        labels[rows, columns] = cv2.GC_PR_FGD
        if not (labels == cv2.GC_PR_FGD).any() or (labels == cv2.GC_PR_FGD).all():
            raise OptionError(
                f"subject box {','.join(map(str, subject.box))} leaves no subject or no background "
                f"in {full_width} x {full_height} px",
                "give X,Y,WIDTH,HEIGHT in pixels, with some room around the subject",
            )
    else:
        margin = max(1, round(BORDER_SHARE * min(height, width)))
        salient = _saliency(small)
        likely = salient > max(salient.mean(), 1e-6)
        guess = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        # People and things stand on the lower edge; the others are background for sure.
        labels[margin:, margin:-margin] = guess[margin:, margin:-margin]
    found = _grab_cut(small, labels)
    if not found.any():
        raise OptionError("no subject is found in the photo", "give a box around it")
    soft = guided_filter(luminance(small), found.astype(np.float32), SOFT_RADIUS_PX, SOFT_EPSILON)
    # What is nearly in or out is so entirely: no haze of strokes in the background.
    soft = (soft - HAZE) / (1 - 2 * HAZE)
    share = 1 - soft if subject.inverted else soft
    mask: Mask = np.rint(255 * share.clip(0, 1)).astype(np.uint8)
    return mask


def _grab_cut(photo: Pixels, labels: Mask) -> NDArray[np.bool_]:
    import cv2

    cv2.setRNGSeed(0)  # its clusters start at random; the same photo shall give the same subject
    try:
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(photo, labels, (0, 0, 1, 1), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error as error:  # a picture of one pixel, or of one colour
        raise OptionError("no subject is found in the photo", "give a mask") from error
    found: NDArray[np.bool_] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return found


def _saliency(photo: Pixels) -> Floats:
    """Return what stands out: by its structure (spectral residual: Hou & Zhang 2007, equations 3 to
    5, in each colour), and by its colour, that is unlike those at the edges (but the lower one);
    weighed towards the middle, where photographers put what they mean.
    """
    import cv2

    small = resize(photo, SALIENCY_PX, SALIENCY_PX).astype(np.float32)
    structure = np.zeros((SALIENCY_PX, SALIENCY_PX), dtype=np.float32)
    for plane in np.moveaxis(small, 2, 0):
        spectrum = np.fft.fft2(plane)
        log = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
        residual = log - cv2.blur(log, (3, 3))
        structure += np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    colors = cv2.cvtColor(small / np.float32(255), cv2.COLOR_RGB2Lab)
    edges = np.concatenate([colors[0], colors[:, 0], colors[:, -1]])
    distances = np.linalg.norm(colors[:, :, None] - edges, axis=3)
    unlike = np.sort(distances, axis=2)[..., : len(edges) // 8].mean(axis=2).astype(np.float32)
    blurred = [cv2.GaussianBlur(each, (0, 0), SALIENCY_PX / 16) for each in (structure, unlike)]
    together = sum(np.asarray(each) / max(float(np.mean(each)), 1e-6) for each in blurred)
    places = np.linspace(-1, 1, SALIENCY_PX, dtype=np.float32) ** 2
    central = together * np.exp(-(places[:, None] + places[None]))
    scaled = cv2.resize(central, (photo.shape[1], photo.shape[0]))
    return np.asarray(scaled, dtype=np.float32)
