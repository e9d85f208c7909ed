"""Old style files for programs that run the network themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from impasto.converters.t7 import read_t7
from impasto.converters.texture_noise import with_noise
from impasto.converters.torch7_to_onnx import convert_module, find_network

if TYPE_CHECKING:
    import cv2


def read_net_from_torch(path: str | os.PathLike[str]) -> cv2.dnn.Net:
    """Return what ``cv2.dnn.readNetFromTorch`` gave before OpenCV 5 dropped it: the same network,
    which takes and gives the same blobs (BGR, 0-255, minus the means, for the usual style files).

    An old script changes one line::

        net = cv2.dnn.readNetFromTorch("the_scream.t7")            # before
        net = impasto.converters.read_net_from_torch("the_scream.t7")  # after

    Returns:
        a net of OpenCV itself, with ``setInput`` and ``forward``.

    Raises:
        InputError: the file is missing, damaged, or holds a module that is not known.
        EngineError: this OpenCV cannot load the network.
    """
    from impasto.engines.opencv import load_net

    network = with_noise(find_network(read_t7(path), str(path)), str(path))
    return load_net(convert_module(network, str(path)))
