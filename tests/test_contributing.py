"""What CONTRIBUTING.md says of the code and of the tests is so."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HOPS = sorted(set(re.findall(r"`([\w/]+\.py):([\w.]+)`", TEXT)))
WALKS = TEXT.split("## Five walks")[1].split("\n## ")[0].split("\n\n**")[1:]

BEYOND_A_MODULE = {
    "cli/predicted",
    "contributing",
    "converters/hostile",
    "converters/migration_page",
    "engines/conformance",
    "live/window",
    "pages",
    "public_api",
    "server/browser",
    "server/documented_calls",
    "server/openapi",
    "styles/strength",
    "video/alpha",
}
"""Tests of more than one module: of a page, of all engines, of the program on a screen."""


@pytest.mark.parametrize(("file", "name"), HOPS)
def test_names_are_there(file: Any, name: str) -> None:
    inside = ast.parse((ROOT / "src/impasto" / file).read_text(encoding="utf-8"))
    for part in name.split("."):
        (inside,) = (each for each in inside.body if getattr(each, "name", "") == part)


def test_walks_are_short() -> None:
    assert len(WALKS) == 5
    assert all(0 < walk.count("→") < 8 for walk in WALKS)


def test_tests_mirror_modules() -> None:
    """``tests/images/test_rows.py`` is of ``images/rows.py``, or of files in ``images/rows/``."""
    tests = (path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py"))
    tested = {(path.parent / path.stem.removeprefix("test_")).as_posix() for path in tests}
    source = ROOT / "src/impasto"
    paths = (path.relative_to(source).with_suffix("") for path in source.rglob("*"))
    assert tested - {path.as_posix() for path in paths} == BEYOND_A_MODULE
