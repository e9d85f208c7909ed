"""What CONTRIBUTING.md says of the code is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HOPS = sorted(set(re.findall(r"`([\w/]+\.py):([\w.]+)`", TEXT)))
WALKS = TEXT.split("## Five walks")[1].split("\n## ")[0].split("\n\n**")[1:]


@pytest.mark.parametrize(("file", "name"), HOPS)
def test_names_are_there(file, name):
    inside = ast.parse((ROOT / "src/impasto" / file).read_text(encoding="utf-8"))
    for part in name.split("."):
        (inside,) = (each for each in inside.body if getattr(each, "name", "") == part)


def test_walks_are_short():
    assert len(WALKS) == 5
    assert all(0 < walk.count("→") < 8 for walk in WALKS)
