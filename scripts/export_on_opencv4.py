"""Runs the program that ``impasto export`` prints with OpenCV 4, too, and compares the paintings.

OpenCV 4 loads files of one size (``--size``) only: it takes a free size for 1 while loading, and
then the branches of a network do not fit. The two versions do not live in one environment:

    python -m venv opencv4 && opencv4/bin/pip install opencv-python-headless==4.14.0.94
    PYTHONPATH=tests python scripts/export_on_opencv4.py opencv4/bin/python
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from legacy.write_t7 import johnson, write_t7

PHOTO = Path(__file__).parent.parent / "examples" / "coffee.jpg"
EXPORTS = {
    "a style": ["--style", "udnie"],
    "a mixture": ["--style", "great-wave:0.5+the-scream:0.5"],
    "8 bits": ["--style", "udnie", "--int8"],
    "a .t7 file": ["--style", "style.t7"],
}
SIZE = "320x240"
MOST_APART = 2.0  # of 255 levels, in the mean: versions round 8-bit sums differently


def main() -> None:
    other = str(Path(sys.argv[1]).absolute())
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PHOTO, f"{folder}/photo.jpg")
        Path(folder, "style.t7").write_bytes(write_t7({"model": johnson(width=32, blocks=5)}))
        for name, options in EXPORTS.items():
            command = [sys.executable, "-m", "impasto", "export", *options, "--size", SIZE]
            program = run([*command, "-o", "a.onnx", "--overwrite", "-q"], folder)
            paintings = []
            for python in (sys.executable, other):
                Path(folder, "painting.png").unlink(missing_ok=True)
                run([python, "-c", program], folder)
                paintings.append(cv2.imread(f"{folder}/painting.png").astype(int))
            version = run([other, "-c", "import cv2; print(cv2.__version__)"], folder).strip()
            apart = np.abs(paintings[0] - paintings[1]).mean()
            print(f"{name}: OpenCV {cv2.__version__} and {version} are {apart:.3f} levels apart")
            if apart > MOST_APART:
                sys.exit(f"{name}: too far apart")


def run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
