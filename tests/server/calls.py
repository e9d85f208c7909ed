"""Calls of the API, and what is sent to it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from fastapi.testclient import TestClient
from httpx2 import Client, Response
from PIL import Image

from impasto.images import Picture, write_image
from tiny import picture


def encoded(width: int = 40, height: int = 30, file_format: str = "png", seed: int = 0) -> bytes:
    stream = io.BytesIO()
    write_image(stream, Picture(picture(width, height, seed)), file_format=file_format)
    return stream.getvalue()


def pixels(content: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(content)).convert("RGB"))


def paint(
    client: TestClient,
    photo: bytes | None = None,
    files: dict[str, Any] | None = None,
    **fields: Any,
) -> Response:
    """POST a photo, with other uploads and fields."""
    uploads = {"photo": ("photo.png", encoded() if photo is None else photo), **(files or {})}
    return client.post("/v1/paint", data=fields, files=uploads)


def service_of(client: TestClient) -> Any:
    """What the application behind a client works with."""
    app: Any = client.app
    return app.state.service


def is_a_sentence(answer: Response) -> bool:
    """Whether an answer is an error that says in one line what is wrong."""
    said = answer.json()
    return 400 <= answer.status_code < 500 and list(said) == ["error"] and "\n" not in said["error"]


def wait_for(
    client: Client | TestClient, identity: str, *states: str, timeout_s: float = 300
) -> dict[str, Any]:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(f"/v1/jobs/{identity}").json()
        if job["state"] in (states or ("done", "failed")):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


class Server:
    """``impasto serve``, or ``studio``, in a process of its own."""

    def __init__(self, folder: Path, gallery: Path | None, *command: str, port: int = 0) -> None:
        where = ["--port", str(port), "--folder", str(folder)]
        where += ["--gallery", str(gallery)] if gallery else []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "impasto", *(command or ("serve",)), *where],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if found := re.search(r"is at (http://[\d.:]+)", line):
                break
        else:
            raise AssertionError("".join(lines))
        self.address = found[1]
        self.client = httpx2.Client(base_url=self.address, timeout=300)
        self._rest = threading.Thread(target=self.process.stderr.read, daemon=True)
        self._rest.start()  # or the server would wait for somebody to read it

    def end(self, number: int) -> None:
        """Send a signal, and wait."""
        self.process.send_signal(number)
        self.process.wait(60)
        self._rest.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.client.close()
