"""The commands of the server: what they say before it runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.calls import Run

PACKAGES = ("fastapi", "starlette", "uvicorn", "prometheus_client", "gradio")


@pytest.mark.parametrize(("command", "extra"), [("serve", "server"), ("studio", "studio")])
def test_without_the_extra(command: str, extra: str) -> None:
    code = f"""
import sys
sys.modules.update(dict.fromkeys({PACKAGES!r}))
from impasto.cli.main import main
main([{command!r}])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    says = (
        f"impasto {command} needs packages that are not installed: pip install 'impasto[{extra}]'"
    )
    assert (ran.returncode, ran.stderr) == (7, f"impasto: {says}\n")


def test_nobody_else_loads_its_packages() -> None:
    code = f"""
import sys, impasto
from impasto.cli import main
from impasto.stylizer import Stylizer
print([name for name in {PACKAGES!r} if name in sys.modules])
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--host", "0.0.0.0"], "--token"),
        (["--port", "99999"], "port 99999"),
        (["--queue", "-1"], "queue is -1"),
        (["--painters", "0"], "painters is 0"),
        (["--keep-hours", "-1"], "keep-hours is -1"),
    ],
)
def test_impossible_settings(impasto: Run, tmp_path: Path, arguments: list[str], says: str) -> None:
    ran = impasto("serve", "--folder", tmp_path / "server", *arguments)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert says in ran.err
