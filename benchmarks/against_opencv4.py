"""A converted network of Johnson's on the default engine, beside readNetFromTorch of OpenCV 4.

OpenCV 4 and 5 do not live in one environment:

    python -m venv opencv4 && opencv4/bin/pip install opencv-python-headless==4.14.0.94
    PYTHONPATH=tests python benchmarks/against_opencv4.py opencv4/bin/python

Both run the same .t7 file (the whole architecture, random weights) on the same picture, in turns.
For OpenCV 4 that is blobFromImage and forward, as in all tutorials; for impasto, what `Stylizer`
does from pixels to pixels.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from converters.write_t7 import johnson, write_t7
from impasto import Stylizer
from impasto.images.noise import natural_noise

WIDTH, HEIGHT = 640, 480
RUNS, WARM_UP = 7, 4  # engines compile for a size that comes again and again
MEANS = (103.939, 116.779, 123.68)

OTHER = f"""
import sys, time, cv2, numpy
net = cv2.dnn.readNetFromTorch(sys.argv[1])
photo = numpy.load(sys.argv[2])
print(cv2.__version__, flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    net.setInput(cv2.dnn.blobFromImage(photo, 1.0, ({WIDTH}, {HEIGHT}), {MEANS}))
    painting = net.forward()
    print(1000 * (time.perf_counter() - began), flush=True)
numpy.save(sys.argv[3], painting)
"""


def main() -> None:
    photo = natural_noise(WIDTH, HEIGHT, 0)
    with tempfile.TemporaryDirectory() as folder:
        file, picture, result = (f"{folder}/{name}" for name in ("a.t7", "a.npy", "b.npy"))
        Path(file).write_bytes(
            write_t7({"model": johnson(width=32, blocks=5, border="reflect-start")})
        )
        np.save(picture, np.ascontiguousarray(photo[..., ::-1]))
        command = [sys.argv[1], "-c", OTHER, file, picture, result]
        other = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert other.stdin
        assert other.stdout
        version = other.stdout.readline().strip()
        times: dict[str, list[float]] = {f"readNetFromTorch, OpenCV {version}": []}
        with ExitStack() as stack:
            stylizers = [
                stack.enter_context(Stylizer(file, precision=precision))
                for precision in ("auto", "f32")
            ]
            times |= {f"impasto, {each.engine}": [] for each in stylizers}
            for run in range(RUNS + WARM_UP):
                other.stdin.write("\n")
                rows = [float(other.stdout.readline())]
                for stylizer in stylizers:
                    began = time.perf_counter()
                    painting = stylizer(photo)
                    rows.append(1000 * (time.perf_counter() - began))
                if run >= WARM_UP:
                    for row, taken in zip(times.values(), rows, strict=True):
                        row.append(taken)
        other.stdin.close()
        other.wait()
        expected = np.load(result)[0].transpose(1, 2, 0) + MEANS
    apart = np.abs(painting[..., ::-1] - expected.clip(0, 255)).mean()
    print(f"{WIDTH}x{HEIGHT}, medians of {RUNS} in turns")
    print(f"the paintings of the first and the last are {apart:.2f} of 255 levels apart")
    theirs, default, *_ = (statistics.median(row) for row in times.values())
    for name, row in times.items():
        median = statistics.median(row)
        print(f"{name}: {median:.0f} ms, {theirs / median:.1f} times as fast")
    sys.exit(theirs < 2 * default)


if __name__ == "__main__":
    main()
