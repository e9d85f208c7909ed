"""What becomes of pictures with one wrong byte: none may be painted wrong.

    PYTHONPATH=tests python benchmarks/flipped_bytes.py [PLACES] 2>/dev/null

In a file of each format, one byte is changed at 500 random places, one at a time; every copy is
painted at strength 0, in one piece and in tiles. `flipped` says what is right. On standard error,
libraries complain about what they read.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from flipped import FILES, flipped, in_tiles, verdict
from impasto.stylizer import Stylizer
from tiny import tiny_gallery


def main() -> None:
    places = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    warnings.simplefilter("ignore")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        gallery, target = tiny_gallery(Path(folder, "gallery")), Path(folder, "a.tif")
        with Stylizer("first", gallery=gallery, strength=0, engine="opencv") as stylizer:
            for way, context in (("in one piece", nullcontext), ("in tiles", in_tiles)):
                for name, content in FILES.items():
                    with context():
                        verdicts = Counter(
                            verdict(stylizer, name, damaged, target)
                            for _, damaged in flipped(content, places)
                        )
                    failed |= "wrong" in verdicts
                    said = ", ".join(f"{count} {each}" for each, count in verdicts.most_common())
                    print(f"{way}, {name}: {said}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
