"""Calls of the API, and what is sent to it."""

from __future__ import annotations

import io
import time

import numpy as np
from PIL import Image

from impasto.images import Picture, write_image
from tiny import picture


def encoded(width: int = 40, height: int = 30, file_format: str = "png", seed: int = 0) -> bytes:
    stream = io.BytesIO()
    write_image(stream, Picture(picture(width, height, seed)), file_format=file_format)
    return stream.getvalue()


def pixels(content: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(content)).convert("RGB"))


def paint(client, photo: bytes | None = None, files: dict | None = None, **fields):
    """POST a photo, with other uploads and fields."""
    uploads = {"photo": ("photo.png", encoded() if photo is None else photo), **(files or {})}
    return client.post("/v1/paint", data=fields, files=uploads)


def is_a_sentence(answer) -> bool:
    """Whether an answer is an error that says in one line what is wrong."""
    said = answer.json()
    return 400 <= answer.status_code < 500 and list(said) == ["error"] and "\n" not in said["error"]


def wait_for(client, identity: str, *states: str, timeout_s: float = 300) -> dict:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        job = client.get(f"/v1/jobs/{identity}").json()
        if job["state"] in (states or ("done", "failed")):
            return job
        time.sleep(0.05)
    raise AssertionError(job)
