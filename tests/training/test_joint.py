"""Training what predicts styles together with what paints in them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.errors import OptionError
from impasto.images import Picture, write_image
from impasto.networks.encoder import EncoderSpec
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress
from impasto.styles import Gallery, write_style
from impasto.styles.predict import predict_style
from impasto.training.encoder import EncoderOptions, PaintingCrops
from impasto.training.joint import TRUNK_RATE, JointTrainer, joint_options, paintings_of
from impasto.training.photos import PhotoFolder
from impasto.training.run import Start
from impasto.training.train_encoder import train_encoder
from tiny import in_run, picture, tiny_gallery

CPU = Hardware(torch.device("cpu"), torch.float32)
SPEC = EncoderSpec((4, 6), more=(0, 1), hidden=12, bottleneck=5)
OPTIONS = joint_options(
    EncoderOptions(
        steps=3,
        photos_per_step=1,
        styles_per_photo=2,
        crop_px=96,
        late_crop_px=96,
        painting_crop_px=96,
        learning_rate=0.01,
    )
)


@pytest.fixture
def setting(tmp_path: Path, photo_folder: Path, painting_files: dict[str, Path]) -> dict[str, Any]:
    """Also the paintings of the tiny gallery's two styles, which were learned from small ones."""
    paintings = list(painting_files.values())
    gallery = tiny_gallery(tmp_path / "gallery")
    for seed, name in enumerate(("first", "second")):
        style = replace(gallery.load_style(name), painting_px=96)
        write_style(gallery.folder / f"{name}.style", style)
        paintings.append(tmp_path / f"{name}.png")
        write_image(paintings[-1], Picture(picture(100, 120, seed)))
    return {
        "paintings": paintings,
        "photos": photo_folder,
        "folder": tmp_path / "run",
        "gallery": Gallery(gallery.folder),
        "spec": SPEC,
        "options": OPTIONS,
        "hardware": CPU,
    }


@pytest.fixture
def trainer(setting: dict[str, Any]) -> JointTrainer:
    gallery, paintings = setting["gallery"], setting["paintings"]
    styles = gallery.styles_of(gallery.trunk)
    vectors = np.stack([style.vector for style in styles])
    trunk = Start(gallery.trunk.spec, gallery.trunk.float32_weights(), vectors).network()
    photos = PhotoFolder(setting["photos"], 0, on_skip=lambda error: None)
    crops = PaintingCrops(paintings, photos.paths, OPTIONS, on_skip=lambda error: None)
    spec = replace(SPEC, style_size=gallery.trunk.spec.style_size)
    known = paintings_of(styles, paintings)
    return JointTrainer(spec, trunk, crops, photos, OPTIONS, CPU, known)


def test_trunk_styles_and_encoder_make_a_pack_of_their_own(setting: dict[str, Any]) -> None:
    before = {path.name: path.read_bytes() for path in setting["gallery"].folder.iterdir()}
    told = []
    file = in_run(train_encoder, **setting, progress=lambda event: told.append(event.figures))
    assert {p.name: p.read_bytes() for p in setting["gallery"].folder.iterdir()} == before
    assert {"content", "style", "J", "correlation", "local"} <= told[-1].keys()

    old, new = setting["gallery"], Gallery(file.parent)
    assert file.parent == setting["folder"] / "gallery"
    assert new.names == old.names
    for name, weights in old.trunk.weights.items():
        assert not np.array_equal(new.trunk.weights[name], weights), name
    for name in new.names:
        style, earlier = new.load_style(name), old.load_style(name)
        assert style.card == earlier.card
        assert 0 < np.abs(style.vector - earlier.vector).max() < 0.5
    predicted = predict_style(picture(100, 100), gallery=new)
    assert predicted.trunk == new.trunk.fingerprint != old.trunk.fingerprint


def test_stopped_and_resumed_it_ends_where_an_unbroken_run_does(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    def stop_at_2(event: Progress) -> None:
        if event.done == 2:
            raise KeyboardInterrupt

    unbroken = Gallery(in_run(train_encoder, **setting).parent)
    broken = {**setting, "folder": tmp_path / "broken"}
    with pytest.raises(KeyboardInterrupt):
        in_run(train_encoder, **broken, progress=stop_at_2)
    resumed = Gallery(in_run(train_encoder, **broken, resume=True).parent)
    assert resumed.trunk.fingerprint == unbroken.trunk.fingerprint
    for name in ("first", "second"):
        again, vector = resumed.load_style(name).vector, unbroken.load_style(name).vector
        np.testing.assert_array_equal(again, vector)
    for name, array in unbroken.main.encoder.weights.items():
        np.testing.assert_array_equal(resumed.main.encoder.weights[name], array)


def test_each_photo_is_painted_in_predicted_styles_and_a_known_one(trainer: JointTrainer) -> None:
    vectors, targets = trainer.styles_for(2)
    assert len(vectors) == len(targets.grams["relu1_1"]) == 6
    predicted = trainer.encoder(trainer.paintings.crops(0, 4))
    torch.testing.assert_close(vectors[[0, 1, 3, 4]], predicted)
    picks = trainer.pick_styles(2, 1)
    torch.testing.assert_close(vectors[[2, 5]], trainer.painter.styles[picks])
    for layer, grams in targets.grams.items():
        torch.testing.assert_close(grams[[2, 5]], trainer.known.grams[layer][picks])
    assert targets.correlations is not None
    assert targets.power is not None
    assert trainer.known.power is not None
    torch.testing.assert_close(targets.power[[2, 5]], trainer.known.power[picks])


def test_the_trunk_takes_longer_steps(trainer: JointTrainer) -> None:
    trainer.step()
    encoder, trunk = (group["lr"] for group in trainer.optimiser.param_groups)
    assert encoder == pytest.approx(OPTIONS.rate_at(0))
    assert trunk == pytest.approx(TRUNK_RATE * encoder)


def test_a_style_whose_painting_is_missing(setting: dict[str, Any]) -> None:
    without = [path for path in setting["paintings"] if path.stem != "second"]
    with pytest.raises(OptionError, match=r"second .* second.png"):
        in_run(train_encoder, **{**setting, "paintings": without})
