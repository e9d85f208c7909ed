import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.errors import OptionError, StyleError
from impasto.networks.spec import Conv, NetworkSpec
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress
from impasto.styles import write_style
from impasto.training.distilling import Distiller, distil
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.run import TrainingRun, read_start
from impasto.training.style_network import StyleNetwork
from tiny import TINY, in_run, tiny_gallery, with_last_layer

CPU = Hardware(torch.device("cpu"), torch.float32)
OPTIONS = TrainingOptions(steps=60, crop_px=32, late_crop_px=32, learning_rate=1e-2)
STUDENT = NetworkSpec(
    "student",
    (
        Conv("down", 3, 8, stride=2),
        Conv("body", 8, 8),
        Conv("paint", 8, 3, shuffle=2, norm=False, relu=False),
    ),
    grain=0.04,
)


def teacher() -> StyleNetwork:
    torch.manual_seed(0)
    network = StyleNetwork(TINY, 2)
    network.styles.data.uniform_(0.2, 1.0)
    return network


def test_the_student_comes_nearer_in_all_styles(photo_folder: Path) -> None:
    photos = PhotoFolder(photo_folder, 0, on_skip=lambda error: None)
    distiller = Distiller(teacher(), STUDENT, photos, OPTIONS, CPU)
    taught = distiller.teacher.state_dict()["styles"].clone()
    figures = [distiller.step() for _ in range(60)]
    for name in ("pixels", "edges"):
        begin, end = (
            np.mean([each[name] for each in part]) for part in (figures[:5], figures[-5:])
        )
        assert end < 0.8 * begin
    assert torch.equal(distiller.teacher.styles, taught)
    first, second = distiller.averaged.get_parameter("styles")
    assert not torch.equal(first, second)


def test_a_perfect_student_has_nothing_to_learn(photo_folder: Path) -> None:
    photos = PhotoFolder(photo_folder, 0, on_skip=lambda error: None)
    distiller = Distiller(teacher(), TINY, photos, OPTIONS, CPU)
    distiller.painter.load_state_dict(distiller.teacher.state_dict())
    loss, figures = distiller.losses(32, 2)
    # The teacher's painting is within 0-1, the student's need not be.
    assert loss.item() < 0.2
    distiller.teacher.styles.data *= 0
    distiller.painter.styles.data *= 0
    assert distiller.losses(32, 2)[1] == {"pixels": 0, "edges": 0}
    assert math.isfinite(figures["edges"])


def test_a_run_goes_on_exactly(photo_folder: Path, tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "gallery").folder
    options = replace(OPTIONS, steps=8)

    def run(name: str, **changes: Any) -> Any:
        given = {"student": STUDENT, "options": options, "hardware": CPU, **changes}
        folder = tmp_path / name
        return in_run(distil, folder, gallery=gallery, photos=photo_folder, **given)

    def stop(event: Progress) -> None:
        if event.done == 4:
            raise KeyboardInterrupt

    whole = run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("parts", progress=stop)
    parts = run("parts", resume=True)
    for name, tensor in whole.state["average"].items():
        assert torch.equal(tensor, parts.state["average"][name])
    assert whole.styles == ("first", "second")
    assert read_start(tmp_path / "whole", ["second"]).vectors.shape == (1, STUDENT.style_size)
    assert run("parts", resume=True, options=None).options == parts.options
    longer = run("parts", resume=True, options=replace(options, steps=9))
    assert longer.state["next_step"] == 9
    with pytest.raises(OptionError, match="other styles or another network"):
        run("parts", resume=True, student=TINY)


def test_last_layers_of_their_own_are_refused(photo_folder: Path, tmp_path: Path) -> None:
    gallery = tiny_gallery(tmp_path / "gallery")
    own = with_last_layer(gallery.load_style("second"), gallery.trunk)
    write_style(gallery.folder / "second.style", own)
    run = TrainingRun(tmp_path / "run")
    with pytest.raises(StyleError, match="second has a last layer of its own"):
        distil(gallery.folder, photo_folder, run, student=STUDENT, options=OPTIONS)
    assert read_start(gallery.folder, ["first", "second"]).vectors.shape == (2, TINY.style_size)
