"""The Python programs of docs/server.md, against a server."""

import re
import signal
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from impasto.images import Picture, read_image, write_image
from server.calls import Server
from tiny import picture
from video.clips import make_clip

PAGE = Path(__file__).parents[2] / "docs" / "server.md"


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "httpx", httpx2)  # its successor, which the tests have
    write_image("photo.jpg", Picture(picture(80, 60)))
    make_clip(tmp_path / "clip.mp4", frames=2)
    server = Server(tmp_path / "server", None)
    names: dict[str, Any] = {}
    try:
        for program in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
            exec(program.replace("http://127.0.0.1:8000", server.address), names)
        names["server"].close()
    finally:
        server.end(signal.SIGINT)
    assert read_image("painting.jpg").pixels.shape == (60, 80, 3)
    assert names["job"]["state"] == "done"
    assert names["painted"][4:8] == b"ftyp"
