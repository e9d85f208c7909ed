"""Training what predicts styles."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.engines import open_engine
from impasto.errors import InputError, OptionError, OutputError
from impasto.images import Picture, find_images, write_image
from impasto.networks.encoder import EncoderSpec, read_encoder
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.perceptual.hardware import Hardware
from impasto.progress import Progress
from impasto.styles import TRUNK_FILE, Gallery, write_style
from impasto.styles.predict import predict_style
from impasto.training import train_encoder as module
from impasto.training.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_encoder_checkpoint,
)
from impasto.training.encoder import EncoderOptions, PaintingCrops, StyleEncoder
from impasto.training.recolouring import recolour
from impasto.training.train_encoder import find_paintings
from tiny import TINY, in_run, picture, tiny_gallery, tiny_style

CPU = Hardware(torch.device("cpu"), torch.float32)
SPEC = EncoderSpec((4, 6), more=(0, 1), hidden=12, bottleneck=5)
OPTIONS = EncoderOptions(
    steps=12,
    photos_per_step=1,
    crop_px=32,
    late_crop_px=32,
    painting_crop_px=32,
    learning_rate=0.02,
    average_decay=0.8,
)


def train_encoder(**given: Any) -> Path:
    return in_run(module.train_encoder, **given)


@pytest.fixture
def setting(tmp_path: Path, photo_folder: Path, painting_files: dict[str, Path]) -> dict[str, Any]:
    return {
        "paintings": list(painting_files.values()),
        "photos": photo_folder,
        "folder": tmp_path / "run",
        "gallery": tiny_gallery(tmp_path / "gallery"),
        "spec": SPEC,
        "options": OPTIONS,
        "hardware": CPU,
    }


def test_the_torch_side_computes_what_the_graph_does() -> None:
    spec = replace(SPEC, style_size=7)
    torch.manual_seed(1)
    network = StyleEncoder(spec, np.linspace(-1, 1, 7, dtype=np.float32)).eval()
    pixels = picture(80, 65)
    with open_engine(network.encoder("").graph, precision="f32") as engine:
        by_engine = engine.encode(pixels)
    planes = torch.from_numpy(pixels.transpose(2, 0, 1)[None] / np.float32(255))
    with torch.no_grad():
        by_torch = network(planes)[0].numpy()
    np.testing.assert_allclose(by_engine, by_torch, atol=5e-3)  # float16 weights


def test_it_begins_at_the_mean_of_the_known_styles() -> None:
    spec, mean = replace(SPEC, style_size=7), np.linspace(-1, 1, 7, dtype=np.float32)
    with torch.no_grad():
        first = StyleEncoder(spec, mean)(torch.rand(3, 3, 40, 40)).numpy()
    assert 0 < np.abs(first - mean).max() < 0.5


def test_it_learns(setting: dict[str, Any]) -> None:
    losses = []
    options = replace(OPTIONS, steps=40, photo_share=0.0, recolour_share=0.0)
    file = train_encoder(
        **{**setting, "options": options}, progress=lambda event: losses.append(event.figures["J"])
    )
    assert losses[-1] < 0.97 * losses[0]
    encoder = read_encoder(file)
    gallery = setting["gallery"]
    assert encoder.trunk == gallery.trunk.fingerprint
    file.replace(gallery.folder / file.name)
    bold, dark = (predict_style(picture(70, 70, seed), gallery=gallery).vector for seed in (1, 2))
    assert np.abs(bold - dark).max() > 1e-3
    assert list(setting["folder"].glob("preview-*.jpg"))
    assert len((setting["folder"] / "log.jsonl").read_text().splitlines()) == 4


def test_stopped_and_resumed_it_ends_where_an_unbroken_run_does(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    unbroken = read_encoder(train_encoder(**setting))

    def stop_at_5(event: Progress) -> None:
        if event.done == 5:
            raise KeyboardInterrupt

    broken = {**setting, "folder": tmp_path / "broken"}
    with pytest.raises(KeyboardInterrupt):
        train_encoder(**broken, progress=stop_at_5)
    assert read_encoder_checkpoint(tmp_path / "broken" / "checkpoint.pt").state["next_step"] == 5
    resumed = read_encoder(train_encoder(**broken, resume=True))
    for name, array in unbroken.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], array)


def test_the_trunk_and_its_styles_stay(setting: dict[str, Any]) -> None:
    before = {path.name: path.read_bytes() for path in setting["gallery"].folder.iterdir()}
    train_encoder(**setting)
    assert {p.name: p.read_bytes() for p in setting["gallery"].folder.iterdir()} == before


def test_a_run_for_another_trunk_is_not_resumed(setting: dict[str, Any], tmp_path: Path) -> None:
    train_encoder(**setting)
    trunk = random_trunk(TINY, seed=3)
    (tmp_path / "other").mkdir()
    write_trunk(tmp_path / "other" / TRUNK_FILE, trunk)
    write_style(tmp_path / "other" / "first.style", tiny_style(trunk, "first", 0))
    other = {**setting, "gallery": Gallery(tmp_path / "other")}
    with pytest.raises(OptionError, match="is for trunk"):
        train_encoder(**other, resume=True)
    with pytest.raises(OptionError, match="holds a training run"):
        train_encoder(**setting)
    with pytest.raises(InputError, match="this version and kind"):
        read_checkpoint(setting["folder"] / "checkpoint.pt")


def test_checkpoints_of_versions_that_knew_emulators_are_read(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    train_encoder(**setting)
    path = setting["folder"] / "checkpoint.pt"
    content = torch.load(path, weights_only=True)
    for samples in (0, 100):
        torch.save({**content, "options": {**content["options"], "samples": samples}}, path)
        if not samples:
            assert read_encoder_checkpoint(path).options == OPTIONS
    with pytest.raises(InputError, match="this version and kind"):
        read_encoder_checkpoint(path)


def test_a_new_trunk_gets_an_encoder_that_begins_with_the_old_ones(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    old = read_encoder(train_encoder(**setting))
    trunk = random_trunk(TINY, seed=3)
    (tmp_path / "other").mkdir()
    write_trunk(tmp_path / "other" / TRUNK_FILE, trunk)
    write_style(tmp_path / "other" / "first.style", tiny_style(trunk, "first", 0))
    other = {**setting, "gallery": Gallery(tmp_path / "other"), "folder": tmp_path / "new"}
    other["options"] = replace(OPTIONS, steps=1, learning_rate=1e-8)
    new = read_encoder(train_encoder(**other, start_from=setting["folder"]))
    assert new.trunk == trunk.fingerprint != old.trunk
    for name, array in old.weights.items():
        np.testing.assert_allclose(new.weights[name], array, atol=1e-4)
    other |= {"folder": tmp_path / "third", "spec": replace(SPEC, hidden=8)}
    with pytest.raises(OptionError, match="other layers"):
        train_encoder(**other, start_from=setting["folder"])


def test_a_full_disk_leaves_the_last_checkpoint(
    setting: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    train_encoder(**setting)
    path = setting["folder"] / "checkpoint.pt"
    before = path.read_bytes()

    def full(checkpoint: Checkpoint, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match="No space left"):
        train_encoder(**{**setting, "options": replace(OPTIONS, steps=14)}, resume=True)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*tmp"))


def test_crops_depend_on_their_place_alone(
    painting_files: dict[str, Path], photo_folder: Path
) -> None:
    def crops() -> Any:
        photos = find_images(photo_folder, "photographs")
        return PaintingCrops(list(painting_files.values()), photos, OPTIONS, lambda error: None)

    together = crops().crops(0, 6)
    apart = torch.cat([crops().crops(position, 1) for position in range(6)])
    torch.testing.assert_close(together, apart, rtol=0, atol=0)
    assert len({crop.numpy().tobytes() for crop in together}) == 6


def test_a_painting_that_cannot_be_read_is_named_and_left_out(
    setting: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    skipped = []
    setting["paintings"].append(tmp_path / "broken.jpg")
    train_encoder(**setting, on_skip=lambda error: skipped.append(str(error)))
    assert any("broken.jpg" in line for line in skipped)


def test_recolouring_keeps_greys_grey_and_the_range() -> None:
    grey = torch.rand(1, 1, 8, 8).repeat(1, 3, 1, 1)
    colours = torch.rand(1, 3, 8, 8)
    for seed in range(20):
        changed = recolour(grey, np.random.default_rng(seed))
        torch.testing.assert_close(changed, changed.mean(1, keepdim=True).expand(-1, 3, -1, -1))
        changed = recolour(colours, np.random.default_rng(seed))
        assert 0 <= changed.min() <= changed.max() <= 1
        assert (changed - colours).abs().max() > 0.02


def test_what_is_left_out(painting_files: dict[str, Path], tmp_path: Path) -> None:
    folder = painting_files["bold"].parent
    (tmp_path / "more").mkdir()
    write_image(tmp_path / "more" / "Extra One.png", Picture(picture(40, 40)))
    held_out = tmp_path / "held-out.json"
    held_out.write_text(json.dumps([{"name": "x", "painting": "bold.png"}]))
    kept = find_paintings([folder, tmp_path / "more"], [str(held_out), "extra-one"])
    assert [path.stem for path in kept] == ["calm", "dark"]
    with pytest.raises(OptionError, match="no painting blod there"):
        find_paintings([folder], ["blod.png"])
    with pytest.raises(OptionError, match="leaves no painting"):
        find_paintings([folder], ["bold", "calm", "dark"])
    held_out.write_text("{}3")
    with pytest.raises(InputError, match="not a list"):
        find_paintings([folder], [str(held_out)])
    with pytest.raises(InputError, match="cannot be read"):
        find_paintings([folder], ["nothing.json"])
    (tmp_path / "run").mkdir()
    with pytest.raises(InputError, match="holds no paintings"):
        find_paintings([tmp_path / "run"])


def test_options_that_cannot_be() -> None:
    with pytest.raises(OptionError, match="photo_share"):
        EncoderOptions(photo_share=1.5)
    with pytest.raises(OptionError, match="recolour_share"):
        EncoderOptions(recolour_share=-0.1)
