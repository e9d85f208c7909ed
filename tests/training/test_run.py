import errno
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.errors import InputError, OptionError, OutputError, StyleError
from impasto.networks.spec import johnson
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress
from impasto.training.checkpoint import Checkpoint, read_checkpoint
from impasto.training.gallery_export import export_gallery
from impasto.training.options import TrainingOptions
from impasto.training.run import TrainingRun, read_start, train
from tiny import TINY, in_run

CPU = Hardware(torch.device("cpu"), torch.float32)
OPTIONS = TrainingOptions(steps=20, crop_px=32, late_crop_px=48, late_from=0.8, painting_px=40)


def run(paintings: dict[str, Path], photos: Path, folder: Path, **changes: Any) -> Checkpoint:
    settings = {"spec": TINY, "options": OPTIONS, "hardware": CPU, **changes}
    return in_run(train, folder, paintings=paintings, photos=photos, **settings)


def flat(state: object, path: str = "") -> dict[str, Any]:
    """Every tensor and number in a nested state, by its path."""
    if isinstance(state, dict):
        return {k: v for key in state for k, v in flat(state[key], f"{path}/{key}").items()}
    if isinstance(state, list | tuple):
        return flat(dict(enumerate(state)), path)
    return {path: state}


def same(
    first: bool | float | torch.Tensor | None, second: bool | float | torch.Tensor | None
) -> bool:
    if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
        return torch.equal(first, second)
    return first == second


def test_20_steps_equal_10_and_resume_and_10(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    whole = run(painting_files, photo_folder, tmp_path / "whole")

    def stop_at_10(event: Progress) -> None:
        if event.done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(painting_files, photo_folder, tmp_path / "parts", progress=stop_at_10)
    assert read_checkpoint(tmp_path / "parts" / "checkpoint.pt").state["next_step"] == 10
    parts = run(painting_files, photo_folder, tmp_path / "parts", resume=True, options=None)

    expected, got = flat(whole.state), flat(parts.state)
    assert expected.keys() == got.keys()
    assert len(expected) > 50
    different = [name for name in expected if not same(expected[name], got[name])]
    assert different == []


def test_a_runs_photos_are_loaded_as_suits_its_hardware(photo_folder: Path, tmp_path: Path) -> None:
    threads = {}
    for device in ("cpu", "cuda"):
        hardware = Hardware(torch.device(device), torch.float32)
        photos = TrainingRun(tmp_path, hardware=hardware).photo_folder(photo_folder, 0)
        threads[device] = photos._pool and photos._pool._max_workers
    assert threads == {"cpu": None, "cuda": hardware.loader_threads}


def test_what_a_run_leaves(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    events: list[Progress] = []
    checkpoint = run(
        painting_files, photo_folder, tmp_path / "run", progress=events.append, preview_every_s=0
    )
    folder = tmp_path / "run"
    assert checkpoint.styles == ("bold", "calm", "dark")
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20]
    assert all(math.isfinite(line["J"]) for line in lines)
    assert (folder / "preview-000020.jpg").is_file()
    assert (folder / "preview-000007.jpg").is_file()
    assert [event.done for event in events] == list(range(1, 21))
    assert not list((tmp_path / "run").glob("*tmp*"))


def test_a_second_run_does_not_overwrite_the_first(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    run(
        painting_files, photo_folder, tmp_path / "run", options=TrainingOptions(steps=1, crop_px=32)
    )
    with pytest.raises(OptionError, match="--resume"):
        run(painting_files, photo_folder, tmp_path / "run")


def test_resuming_something_else(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="does not exist"):
        run(painting_files, photo_folder, tmp_path / "run", resume=True)
    run(
        painting_files, photo_folder, tmp_path / "run", options=TrainingOptions(steps=1, crop_px=32)
    )
    fewer = {"bold": painting_files["bold"]}
    with pytest.raises(OptionError, match="bold, calm, dark"):
        run(fewer, photo_folder, tmp_path / "run", resume=True)
    with pytest.raises(OptionError, match="tiny"):
        run(painting_files, photo_folder, tmp_path / "run", resume=True, spec=johnson())


def test_a_damaged_checkpoint(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    run(
        painting_files, photo_folder, tmp_path / "run", options=TrainingOptions(steps=1, crop_px=32)
    )
    path = tmp_path / "run" / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="not a whole checkpoint"):
        run(painting_files, photo_folder, tmp_path / "run", resume=True)


def test_a_painting_that_cannot_be_read(photo_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.jpg"):
        run({"missing": tmp_path / "missing.jpg"}, photo_folder, tmp_path / "run")


def test_starting_from_a_run_or_a_gallery(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    """Weights are taken over, and vectors by name; a new style starts at the mean of all."""
    first = run(painting_files, photo_folder, tmp_path / "first")
    export_gallery(first, {}, tmp_path / "gallery")
    paintings = {"new": painting_files["dark"], "bold": painting_files["bold"]}
    halt = replace(OPTIONS, steps=1, learning_rate=1e-9)
    for start in ("first", "gallery"):
        second = run(
            paintings,
            photo_folder,
            tmp_path / f"from-{start}",
            start=read_start(tmp_path / start, list(paintings)),
            options=halt,
        )
        before, after = first.state["average"], second.state["average"]
        close: dict[str, Any] = {
            "atol": 1e-2 if start == "gallery" else 1e-5
        }  # styles are kept in float16
        vectors = before["styles"]
        assert torch.allclose(after["styles"][0], vectors.mean(dim=0), **close)
        assert torch.allclose(after["styles"][1], vectors[0], **close)
        for name in ("convs.down1.weight", "convs.up1.weight", "convs.paint.bias"):
            assert torch.allclose(after[name], before[name], **close)


def test_starting_from_something_else(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    run(painting_files, photo_folder, tmp_path / "run", options=replace(OPTIONS, steps=1))
    one = {"bold": painting_files["bold"]}
    with pytest.raises(OptionError, match="another network"):
        run(
            one,
            photo_folder,
            tmp_path / "other",
            start=read_start(tmp_path / "run", list(one)),
            spec=johnson(),
            options=replace(OPTIONS, crop_px=48),
        )
    with pytest.raises(StyleError, match="nowhere"):
        read_start(tmp_path / "nowhere", list(one))


def test_a_full_disk_leaves_the_last_checkpoint(
    photo_folder: Path,
    painting_files: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(event: Progress) -> None:
        if event.done == 12:
            monkeypatch.setattr(os, "fsync", fail)
            raise KeyboardInterrupt

    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        run(painting_files, photo_folder, tmp_path / "run", progress=full, checkpoint_every_s=0)
    assert read_checkpoint(tmp_path / "run" / "checkpoint.pt").state["next_step"] == 11


def test_johnsons_network_trains_too(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    one = {"bold": painting_files["bold"]}
    for norm in ("batch", "instance"):
        checkpoint = run(
            one,
            photo_folder,
            tmp_path / norm,
            spec=johnson(norm),
            options=replace(OPTIONS, steps=2, crop_px=48, photos_per_step=1, styles_per_photo=1),
        )
        assert checkpoint.state["next_step"] == 2


def test_crops_that_are_smaller_than_what_a_network_sees(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    for options in (OPTIONS, replace(OPTIONS, crop_px=48, late_crop_px=40)):
        with pytest.raises(OptionError, match=r"too small for johnson-instance, which sees 40 px"):
            run(painting_files, photo_folder, tmp_path / "run", spec=johnson(), options=options)


def test_each_painting_at_its_own_size(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    one = {"bold": painting_files["bold"]}
    sized = replace(OPTIONS, steps=1, painting_sizes=(24,))
    checkpoint = run(one, photo_folder, tmp_path / "run", options=sized)
    gallery = export_gallery(checkpoint, {}, tmp_path / "gallery")
    assert gallery.load_style("bold").painting_px == 24
    with pytest.raises(OptionError, match="1 painting sizes for 3 styles"):
        run(painting_files, photo_folder, tmp_path / "other", options=sized)
    with pytest.raises(OptionError, match="painting sizes"):
        replace(OPTIONS, painting_sizes=(8,))


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from impasto.perceptual import vgg
from test_run import OPTIONS, run
from tiny import thin_vgg_weights

vgg._load_weights = thin_vgg_weights
whole = torch.save

def save_then_die(content, file):
    if content["state"]["next_step"] < 4:
        return whole(content, file)
    file.write(b"half a checkpoint")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)

torch.save = save_then_die
painting, photos, folder = map(Path, sys.argv[1:])
run({"bold": painting}, photos, folder, checkpoint_every_s=0)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_while_it_writes_a_checkpoint(
    photo_folder: Path, painting_files: dict[str, Path], tmp_path: Path
) -> None:
    tests = Path(__file__).parent
    arguments = [painting_files["bold"], photo_folder, tmp_path / "run"]
    path = os.pathsep.join([str(tests), str(tests.parent), *sys.path])
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL
    assert read_checkpoint(tmp_path / "run" / "checkpoint.pt").state["next_step"] == 3
    assert list((tmp_path / "run").glob(".*tmp"))
    bold = {"bold": painting_files["bold"]}
    resumed = run(bold, photo_folder, tmp_path / "run", resume=True)
    unbroken = run(bold, photo_folder, tmp_path / "unbroken")
    expected, got = flat(unbroken.state), flat(resumed.state)
    assert [name for name in expected if not same(expected[name], got[name])] == []
    assert not list((tmp_path / "run").glob(".*tmp"))
