import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from impasto.training import processes
from impasto.training.checkpoint import read_checkpoint

SCRIPT = Path(__file__).with_name("shared_run.py")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
STEPS = "20"

# Rounding, which Adam enlarges: 20 steps took the weights 1e-4 of their length apart.
TOLERANCE = 1e-3


def start(folder, *, shared):
    command = [sys.executable, *(TORCHRUN if shared else []), str(SCRIPT), str(folder), STEPS]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes)


def finish(folder, *, shared):
    process = start(folder, shared=shared)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return read_checkpoint(folder / "checkpoint.pt").state


def apart(one, other):
    assert one["next_step"] == other["next_step"] == int(STEPS)
    flat = [
        torch.cat([each.flatten() for each in state["average"].values()]) for state in (one, other)
    ]
    return ((flat[0] - flat[1]).norm() / flat[0].norm()).item()


def test_two_processes_take_the_steps_of_one(tmp_path, photo_folder, painting_files):
    """One of them is killed on the way, and one alone goes on."""
    alone = finish(tmp_path / "alone", shared=False)
    process = start(tmp_path / "shared", shared=True)
    for line in process.stdout:
        rank, number, step = map(int, line.split())
        if rank == 1 and step == 12:
            os.kill(number, signal.SIGKILL)
    err = process.communicate(timeout=300)[1]
    assert process.returncode != 0
    assert "another of the 2 processes has ended" in err
    saved = read_checkpoint(tmp_path / "shared/checkpoint.pt").state
    assert 12 <= saved["next_step"] <= 13
    assert apart(finish(tmp_path / "shared", shared=False), alone) < TOLERANCE


@pytest.mark.parametrize("photos", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_photo_is_one_processs(monkeypatch, photos, count):
    monkeypatch.setattr(processes, "_several", lambda: True)
    monkeypatch.setattr(processes.distributed, "get_world_size", lambda: count)
    shares = []
    for rank in range(count):
        monkeypatch.setattr(processes.distributed, "get_rank", lambda rank=rank: rank)
        shares += processes.share_of(photos)
        assert rank or shares
    assert shares == list(range(photos))


def test_processes_that_do_not_meet(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with (
        pytest.raises(processes.TrainingError, match="start them by torchrun"),
        processes.together(torch.device("cpu")),
    ):
        pass
