"""Golden arrays for the tests of ``impasto.converters``: what OpenCV 4's own reader of .t7 files
gives.

OpenCV 5 has no such reader, so this runs in an environment of its own:

    python -m venv opencv4 && opencv4/bin/pip install opencv-python-headless==4.14.0.94
    PYTHONPATH=src:tests opencv4/bin/python scripts/legacy_golden.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from converters.write_t7 import johnson, write_t7

GOLDEN = Path(__file__).parent.parent / "tests" / "converters" / "golden.npz"
NORMS = ("instance", "batch")
BORDERS = ("reflect-start", "reflect", "zero", "none")  # it knows no replication
SIZES = ((48, 36), (36, 40), (40, 40))


def main() -> None:
    outputs = {}
    for norm in NORMS:
        for border in BORDERS:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "style.t7")
                path.write_bytes(write_t7({"model": johnson(norm_kind=norm, border=border)}))
                for width, height in SIZES:
                    net = cv2.dnn.readNetFromTorch(str(path))
                    net.setInput(blob(width, height))
                    outputs[f"{norm} {border} {width}x{height}"] = net.forward().astype(np.float16)
    np.savez_compressed(GOLDEN, **outputs)


def blob(width: int, height: int) -> np.ndarray:
    """Return the same input as in the test."""
    random = np.random.default_rng(width)
    return random.uniform(-120, 130, (1, 3, height, width)).astype(np.float32)


if __name__ == "__main__":
    main()
