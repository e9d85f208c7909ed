"""--style painting.jpg, in every command that takes styles."""

import json
from pathlib import Path

import pytest

from cli.calls import Run
from impasto.images import Picture, read_image, write_image
from impasto.networks.encoder import write_encoder
from tiny import picture, tiny_encoder, tiny_gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    made = tiny_gallery(tmp_path / "gallery")
    write_encoder(made.folder / "encoder.safetensors", tiny_encoder(made.trunk))
    (tmp_path / "art").mkdir()
    write_image(tmp_path / "art" / "My Cow.png", Picture(picture(90, 70, seed=3)))
    return made.folder


def test_photos(impasto: Run, gallery: Path, photo: Path, tmp_path: Path) -> None:
    ran = impasto(photo, "--style", "art/My Cow.png", "--gallery", gallery)
    assert ran.code == 0, ran.err
    assert read_image(tmp_path / "photo-my-cow.png").pixels.shape == (30, 40, 3)
    ran = impasto(photo, "--style", "art/My Cow.png:0.4+first:0.6", "--gallery", gallery)
    assert ran.code == 0, ran.err
    assert (tmp_path / "photo-my-cow+first.png").exists()


def test_export(impasto: Run, gallery: Path, tmp_path: Path) -> None:
    ran = impasto("export", "--style", "art/My Cow.png", "--gallery", gallery)
    assert ran.code == 0, ran.err
    assert (tmp_path / "my-cow.onnx").exists()


def test_without_an_encoder_nothing_is_written(
    impasto: Run, gallery: Path, photo: Path, tmp_path: Path
) -> None:
    (gallery / "encoder.safetensors").unlink()
    ran = impasto(photo, "--style", "art/My Cow.png", "--gallery", gallery)
    assert (ran.code, ran.err.count("\n")) == (5, 1)
    assert "no encoder" in ran.err
    assert "impasto learn" in ran.err
    assert not list(tmp_path.glob("photo-*"))


def test_a_painting_that_is_missing(impasto: Run, gallery: Path, photo: Path) -> None:
    ran = impasto(photo, "--style", "nothing.jpg", "--gallery", gallery)
    assert (ran.code, "nothing.jpg does not exist" in ran.err) == (3, True)


def test_styles_lists_no_encoder(impasto: Run, gallery: Path) -> None:
    listed = json.loads(impasto("styles", "--json", "--gallery", gallery).out)
    assert [row["name"] for row in listed] == ["first", "second"]
