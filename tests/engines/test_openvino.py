import subprocess
import sys
from pathlib import Path

from PIL import Image

from tiny import picture

PAINT = """
import os
import sys


def forbid(event, arguments):
    if event.startswith("socket."):
        os.write(2, f"{event} {arguments}".encode())
        raise PermissionError(event)


sys.addaudithook(forbid)
from impasto.cli.main import main

main(sys.argv[1:])
"""


def test_nothing_is_sent_and_nothing_kept(tmp_path: Path) -> None:
    """Not even tried."""
    home = tmp_path / "home"
    home.mkdir()
    photo, painting = tmp_path / "photo.png", tmp_path / "painting.png"
    Image.fromarray(picture(32, 24)).save(photo)
    run = subprocess.run(
        [sys.executable, "-c", PAINT, "-q", photo, "-o", painting, "--engine", "openvino"],
        env={"HOME": str(home), "USERPROFILE": str(home)},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert painting.exists()
    assert not list(home.iterdir())


RACE = """
import sys
from _thread import start_new_thread
from collections import deque
from itertools import chain, starmap

from impasto.engines import openvino

to_dtype = openvino.openvino.Type.u8.to_dtype
sys.setswitchinterval(1e-6)
# In one call, so that this thread makes its own when the other one waits for its turn to.
calls = chain(
    starmap(start_new_thread, [(to_dtype, ())]), range(10_000_000), starmap(to_dtype, [()])
)
deque(calls, maxlen=0)
"""


def test_first_calls_at_once_do_not_wait_for_each_other() -> None:
    subprocess.run([sys.executable, "-c", RACE], check=True, timeout=60)


TOGETHER = """
import sys

import openvino_telemetry

from impasto.engines import openvino

assert sys.modules["openvino_telemetry"] is openvino_telemetry
"""


def test_others_keep_their_telemetry() -> None:
    subprocess.run([sys.executable, "-c", TOGETHER], check=True)
