"""Directions in which pictures can get better."""

import numpy as np
import pytest
import torch

from impasto.images import find_images
from impasto.networks.encoder import EncoderSpec
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.losses import gram_matrix, style_loss
from impasto.perceptual.picture_losses import STYLE_LAYERS
from impasto.progress import ignore_progress
from impasto.training import directions
from impasto.training.directions import CHANGE, HEAD_START, principal_directions, widen
from impasto.training.encoder import EncoderOptions, EncoderTrainer, PaintingCrops, StyleEncoder
from impasto.training.photos import PhotoFolder
from impasto.training.run import Start
from tiny import tiny_gallery


@pytest.fixture
def trainer(tmp_path, photo_folder, painting_files, monkeypatch):
    monkeypatch.setattr(directions, "GRADIENTS", 12)
    trunk = tiny_gallery(tmp_path / "gallery").trunk
    spec = EncoderSpec((4, 6), hidden=12, bottleneck=3, style_size=trunk.spec.style_size)
    options = EncoderOptions(crop_px=32, late_crop_px=32, painting_crop_px=32)
    files = find_images(photo_folder, "photographs")
    known = np.random.default_rng(1).normal(size=(2, trunk.spec.style_size)).astype(np.float32)
    return EncoderTrainer(
        spec,
        Start(trunk.spec, trunk.float32_weights(), known).network(),
        PaintingCrops(list(painting_files.values()), files, options, print),
        PhotoFolder(files, options.seed, print),
        options,
        Hardware(torch.device("cpu"), torch.float32),
    )


@pytest.fixture
def encoder(trainer):
    return trainer.encoder.encoder("trunk")


def test_principal_directions_are_those_of_most_gradients_beyond_what_is_known():
    known = np.array([[2.0, 0, 0, 0]], dtype=np.float32).T
    gradients = np.array(
        [[9, 1, 0, 0], [0, 100, 1, 0], [0, -1, 0, 0], [5, 0, 3, 0], [0, 0, 1, 0]], dtype=np.float32
    )
    found = principal_directions(gradients, known, 2)
    np.testing.assert_allclose(np.abs(found), [[0, 1, 0, 0], [0, 0, 1, 0]], atol=0.02)
    np.testing.assert_allclose(found @ known, 0, atol=1e-6)
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-5)


def test_a_widened_encoder_predicts_what_it_did(trainer, encoder):
    events = []
    wide = widen(encoder, 7, trainer, events.append)
    assert events[-1].done == events[-1].total == 12
    assert wide.spec.bottleneck == 7
    assert {name: array.shape for name, array in wide.weights.items()} == wide.spec.shapes()
    paintings = torch.rand(2, 3, 32, 32)
    before, after = StyleEncoder.of(encoder), StyleEncoder.of(wide)
    torch.testing.assert_close(after(paintings), before(paintings))
    assert widen(wide, 7, trainer, events.append) is wide


def test_a_step_in_a_new_direction_changes_pictures_by_so_much(trainer, encoder):
    added = widen(encoder, 5, trainer, ignore_progress).weights["style.weight"][:, 3:] / HEAD_START
    vectors = StyleEncoder.of(encoder)(trainer.paintings.crops(0, 4))
    photos = trainer.under_grain(trainer.photos.crops(0, 4, 32))
    # A tenth of a unit, so that the loss is the square of the step, or nearly so.
    for direction in torch.from_numpy(added.astype(np.float32)).T:
        with torch.no_grad():
            pictures = [
                trainer.painter(photos, v).clamp(0, 1) for v in (vectors, vectors + 0.1 * direction)
            ]
            one, other = (trainer.vgg(each, STYLE_LAYERS) for each in pictures)
            losses = [style_loss(gram_matrix(other[k]), gram_matrix(one[k])) for k in STYLE_LAYERS]
        assert 100 * torch.stack(losses).mean().item() == pytest.approx(CHANGE, rel=0.3)


def test_gradient_steps_go_down_in_the_new_directions(trainer, encoder):
    """What is found is where J falls: two directions have more of each gradient than two others."""
    wide = widen(encoder, 5, trainer, ignore_progress).weights["style.weight"][:, 3:]
    network = StyleEncoder.of(encoder)
    gradients = np.concatenate(list(directions._gradients(network, trainer, ignore_progress)))
    gradients /= np.linalg.norm(gradients, axis=1, keepdims=True)
    others = np.random.default_rng(0).normal(size=wide.shape)

    def captured(columns):
        basis, _ = np.linalg.qr(columns.astype(np.float32))
        return np.linalg.norm(gradients @ basis)

    assert captured(wide) > 2 * captured(others)
