"""Fitting a style to one painting: the trunk stays as it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from impasto.errors import InputError, OptionError
from impasto.images import Picture, write_image
from impasto.learning import learn as module
from impasto.learning.checkpoint import read_checkpoint
from impasto.learning.hardware import Hardware
from impasto.learning.learn import free_photos, learn, learned_style
from tiny import picture, tiny_gallery

CPU = Hardware(torch.device("cpu"), torch.float32)
OPTIONS = replace(
    module.OPTIONS, photos_per_step=1, crop_px=32, late_crop_px=32, painting_px=64, border_weight=0
)


@pytest.fixture
def gallery(tmp_path):
    return tiny_gallery(tmp_path / "gallery")


@pytest.fixture
def painting(tmp_path):
    write_image(tmp_path / "Yellow Cow.png", Picture(picture(80, 70, seed=9)))
    return tmp_path / "Yellow Cow.png"


@pytest.fixture
def setting(gallery, photo_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_step_s", lambda trial: 0.2)  # 30 steps in 0.1 minutes
    return {
        "photos": photo_folder,
        "minutes": 0.1,
        "folder": tmp_path / "run",
        "gallery": gallery,
        "options": OPTIONS,
        "hardware": CPU,
    }


def test_a_vector_is_learned_and_the_trunk_stays(painting, setting, gallery, tmp_path):
    losses = []
    style = learn(painting, **setting, progress=lambda event: losses.append(event.figures["J"]))
    assert len(losses) == 30
    assert losses[-1] < losses[0]
    assert (style.name, style.card.painting) == ("yellow-cow", "Yellow Cow.png")
    gallery.check(style, "it")
    assert style.thumbnail[:2] == b"\xff\xd8"  # JPEG
    assert all(
        np.abs(style.vector - gallery.load_style(name).vector).max() > 0.01
        for name in gallery.names
    )
    learned = read_checkpoint(tmp_path / "run" / "checkpoint.pt").averaged_network().weights()
    for name, array in as_network(gallery, "first").weights().items():
        np.testing.assert_array_equal(learned[name], array)


def as_network(gallery, name):
    weights = gallery.trunk.float32_weights()
    return module.Start(weights, gallery.load_style(name).vector[None]).network(gallery.trunk.spec)


def test_it_begins_with_the_nearest_style(gallery, photo_folder, monkeypatch):
    """A painting of one of the styles' own making is nearest to that style."""
    monkeypatch.setattr(module, "TRIAL_PHOTOS", 1)
    crops = module.PhotoFolder(photo_folder, 0, lambda error: None)
    options = replace(OPTIONS, crop_px=48)
    for name in gallery.names:
        network = as_network(gallery, name)
        with torch.no_grad():
            made = network(crops.crops(0, 1, 48), network.styles).clamp(0, 1)
        trial = module.Trainer(gallery.trunk.spec, [made], crops, options, CPU)
        start = module._nearest(gallery, trial)
        np.testing.assert_allclose(start.vectors[0], gallery.load_style(name).vector)


def test_interrupted_and_resumed(painting, setting, gallery, tmp_path):
    def stop_at_7(event):
        if event.done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(painting, **setting, progress=stop_at_7)
    checkpoint = read_checkpoint(tmp_path / "run" / "checkpoint.pt")
    early = learned_style(checkpoint, painting, gallery)
    totals = []
    style = learn(
        painting, **setting, resume=True, progress=lambda event: totals.append(event.total)
    )
    assert totals == [37] * 30  # so many more
    assert np.abs(style.vector - early.vector).max() > 1e-4


def test_what_cannot_be_learned_from(setting, tmp_path):
    write_image(tmp_path / "tiny.png", Picture(picture(63, 80)))
    with pytest.raises(InputError, match=r"tiny\.png is 63 x 80 px"):
        learn(tmp_path / "tiny.png", **setting)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.jpg"):
        learn(tmp_path / "broken.jpg", **setting)
    with pytest.raises(OptionError, match="minutes"):
        learn(tmp_path / "tiny.png", **{**setting, "minutes": 0})
    assert not (tmp_path / "run").exists()


def test_free_photos_are_there():
    assert all(path.is_file() for path in free_photos())
