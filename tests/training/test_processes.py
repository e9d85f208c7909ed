import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed

from impasto.cli.training import interrupt_between_steps
from impasto.errors import TrainingError
from impasto.progress import ignore_progress
from impasto.training import processes
from impasto.training.checkpoint import Checkpoint, read_checkpoint
from impasto.training.processes import LostProcessError
from training import shared_run

SCRIPT = Path(shared_run.__file__)
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

# Rounding, which Adam enlarges: 20 steps took the weights 1e-4 of their length apart.
TOLERANCE = 1e-3


def weights(checkpoint: Checkpoint) -> torch.Tensor:
    assert checkpoint.state["next_step"] == shared_run.STEPS
    return torch.cat([each.flatten() for each in checkpoint.state["average"].values()])


def in_two_processes(folder: Path, killed_at: int | None = None) -> tuple[int, str]:
    """Begin a run or go on with it; return the exit code, and what was said on standard error.

    Args:
        folder: of the run.
        killed_at: the step at which one of the two is killed.
    """
    command = [sys.executable, *TORCHRUN, str(SCRIPT), str(folder)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            rank, number, step = map(int, line.split())
            if rank == 1 and step == killed_at:
                os.kill(number, signal.SIGKILL)
        err = process.stderr.read()
    return process.returncode, err


def test_two_processes_take_the_steps_of_one(
    tmp_path: Path, photo_folder: Path, painting_files: dict[str, Path]
) -> None:
    """One of them is killed on the way; one alone goes on, and so do two."""
    code, err = in_two_processes(tmp_path / "shared", killed_at=12)
    assert code != 0
    # torchrun ends the other one, too; a starved machine may hear of that first.
    assert "another of the 2 processes has ended" in err or "KeyboardInterrupt" in err
    assert 12 <= read_checkpoint(tmp_path / "shared/checkpoint.pt").state["next_step"] <= 13
    shutil.copytree(tmp_path / "shared", tmp_path / "again")
    code, err = in_two_processes(tmp_path / "again")
    assert code == 0, err
    alone = weights(shared_run.take_steps(tmp_path / "alone", ignore_progress))
    by_one = weights(shared_run.take_steps(tmp_path / "shared", ignore_progress))
    by_two = weights(read_checkpoint(tmp_path / "again/checkpoint.pt"))
    for shared in (by_one, by_two):
        assert (shared - alone).norm() < TOLERANCE * alone.norm()


def test_a_process_that_lost_another_is_not_terminated_before_it_says_so() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(LostProcessError), interrupt_between_steps(ignore_progress):
            raise LostProcessError("another of the 2 processes has ended")
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    with interrupt_between_steps(ignore_progress):
        pass
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("photos", [1, 2, 3, 7])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_photo_is_one_processs(
    monkeypatch: pytest.MonkeyPatch, photos: int, count: int
) -> None:
    monkeypatch.setattr(processes, "_several", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: count)
    shares: list[int] = []
    for rank in range(count):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        shares += processes.share_of(photos)
        assert rank or shares
    assert shares == list(range(photos))


def test_processes_that_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with (
        pytest.raises(TrainingError, match="start them by torchrun"),
        processes.together(torch.device("cpu")),
    ):
        pass
