"""How long it takes to open a style, from its name to an engine that is ready to paint.

    python benchmarks/loading.py [STYLE...]

Each is opened in a process of its own, as a command does, and timed after ``import impasto``. The
modules that are loaded when first needed, NumPy and OpenVINO among them, are in the figures. Then
once more, which is what changing the style costs. The least of five of each counts.
"""

from __future__ import annotations

import subprocess
import sys

from impasto import open_gallery

RUNS = 5
LIMIT_MS = 150
PROGRAM = """
import sys, time
import impasto
for _ in range(2):
    began = time.perf_counter()
    impasto.open_gallery().load_style(sys.argv[1])
    loaded = time.perf_counter()
    impasto.Stylizer(sys.argv[1]).close()
    print(1000 * (loaded - began), 1000 * (time.perf_counter() - loaded))
"""


def main() -> None:
    slowest = 0.0
    for style in sys.argv[1:] or open_gallery().names:
        runs = []
        for _ in range(RUNS):
            command = [sys.executable, "-c", PROGRAM, style]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            runs.append([float(number) for number in ran.stdout.split()])
        loading, opening, again, reopening = map(min, zip(*runs, strict=True))
        print(
            f"{style}: {loading:.0f} ms to load, {opening:.0f} ms to open an engine with it; "
            f"again: {again:.0f} and {reopening:.0f} ms"
        )
        slowest = max(slowest, loading)
    sys.exit(slowest > LIMIT_MS)


if __name__ == "__main__":
    main()
