"""Films for the tests: scenes that have nothing in common, with a tone."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np


def make_film(path: Path, *, scenes: int = 3, frames: int = 50) -> Path:
    """Pan over a picture of soft blots, and then over another one, at 25 frames a second."""
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Blots"
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.options = {"crf": "5"}
        sound = container.add_stream("aac", rate=8000)
        sound.layout = "mono"
        for scene in range(scenes):
            random = np.random.default_rng(scene)
            blots = cv2.resize(random.uniform(0, 255, (10, 24, 3)), (240, 100))
            for number in range(frames):
                pixels = blots[10:74, number : number + 96].astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels.copy(), format="rgb24")
                frame.pts, frame.time_base = scene * frames + number, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for start in range(0, 320 * scenes * frames, 1024):
            wave = (np.sin(np.arange(start, start + 1024) * 0.1) * 8000).astype(np.int16)
            piece = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            piece.sample_rate, piece.pts = 8000, start
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
        container.mux(stream.encode(None))
    return path
