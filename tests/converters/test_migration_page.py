"""The programs in docs/my-t7-stopped-working.md run as they are printed."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from converters.write_t7 import johnson, write_t7
from impasto.converters import convert_network
from impasto.images import Picture, read_image, write_image
from tiny import picture

PAGE = Path(__file__).parents[2] / "docs" / "my-t7-stopped-working.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_there_are_three() -> None:
    assert len(PROGRAMS) == 3


@pytest.mark.parametrize("program", PROGRAMS, ids=["tutorial", "sample", "onnx"])
def test_programs(program: Any, tmp_path: Path) -> None:
    (tmp_path / "the_scream.t7").write_bytes(write_t7({"model": johnson()}))
    (tmp_path / "the_scream.onnx").write_bytes(
        convert_network(tmp_path / "the_scream.t7").to_file()
    )
    write_image(tmp_path / "photo.jpg", Picture(picture(64, 48)))
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    (painting,) = tmp_path.glob("painting.*")
    assert read_image(painting).pixels.std() > 5
