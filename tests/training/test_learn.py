"""Fitting a style to one painting: the trunk stays as it is."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError, OptionError, OutputError
from impasto.images import Picture, write_image
from impasto.networks.encoder import Encoder, write_encoder
from impasto.networks.trunk import Trunk, write_trunk
from impasto.perceptual.hardware import Hardware
from impasto.perceptual.picture_losses import picture_losses
from impasto.perceptual.tensors import to_tensor
from impasto.progress import Progress
from impasto.styles import ENCODER_FILE, TRUNK_FILE, Gallery, read_style, write_style
from impasto.styles.style import Style
from impasto.stylizer import Stylizer
from impasto.training import learn as module
from impasto.training.checkpoint import read_checkpoint
from impasto.training.learn import free_photos, learned_style
from impasto.training.options import TrainingOptions
from impasto.training.photos import PhotoFolder
from impasto.training.run import Start
from impasto.training.step_trainer import step_times
from impasto.training.style_network import StyleNetwork
from impasto.training.trainer import Trainer
from tiny import in_run, picture, tiny_encoder, tiny_gallery

CPU = Hardware(torch.device("cpu"), torch.float32)
OPTIONS = replace(
    module.OPTIONS, photos_per_step=1, crop_px=32, late_crop_px=32, painting_px=64, border_weight=0
)


def learn(painting: Path, **given: Any) -> Style:
    return in_run(module.learn, painting=painting, **given)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return tiny_gallery(tmp_path / "gallery")


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    write_image(tmp_path / "Yellow Cow.png", Picture(picture(80, 70, seed=9)))
    return tmp_path / "Yellow Cow.png"


@pytest.fixture
def setting(
    gallery: Gallery, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(module, "step_times", lambda *_: (0.2, 0.2))  # 30 steps in 0.1 minutes
    return {
        "photos": photo_folder,
        "minutes": 0.1,
        "folder": tmp_path / "run",
        "gallery": gallery,
        "options": OPTIONS,
        "hardware": CPU,
    }


def test_a_budget_counts_the_slower_steps_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """70 % of the steps take one second, the rest, of crops with twice the pixels, two."""
    options = replace(module.OPTIONS, photos_per_step=4, crop_px=100, late_crop_px=200)
    assert [options.crop_at(step) for step in (0, options.steps)] == [(100, 4), (200, 1)]
    trial = Trial(options)
    monkeypatch.setattr(time, "monotonic", lambda: trial.clock_s)
    assert step_times(cast(Any, trial)) == (1, 1)
    trial.options = replace(options, photos_per_step=2, crop_px=200, late_crop_px=400)
    assert step_times(cast(Any, trial)) == (1, 2)
    assert module._steps_in(130, 0, module.OPTIONS, 1, 2) == pytest.approx(100)


class Trial:
    """A trainer whose steps take a second by its own clock."""

    def __init__(self, options: TrainingOptions) -> None:
        self.options, self.clock_s = options, 0.0

    def step(self) -> None:
        self.clock_s += 1


def test_where_time_is_short_one_step_is_trial_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(module.OPTIONS)
    monkeypatch.setattr(time, "monotonic", lambda: trial.clock_s)
    step_times(cast(Any, trial), deadline_s=2)
    assert trial.clock_s == 2
    step_times(cast(Any, trial), deadline_s=2)
    assert trial.clock_s == 3


def test_a_run_that_goes_on_counts_the_slower_steps_that_are_left() -> None:
    """Of 100 steps, 70 of one second and 30 of two."""
    for done, left_s in ((50, 20 + 60), (70, 60), (90, 20)):
        steps = module._steps_in(left_s, done, module.OPTIONS, 1, 2)
        assert steps == pytest.approx(100 - done)


def test_a_budget_counts_what_comes_before_training(
    painting: Path, setting: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of six seconds, the search for a first vector takes one: 25 steps are left."""
    clock = [0.0]

    def slow_search(*arguments: Any) -> Any:
        clock[0] += 1
        return nearest(*arguments)

    nearest = module._nearest
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module, "_nearest", slow_search)
    setting["options"] = replace(OPTIONS, photos_per_step=2)
    totals = []
    learn(painting, **setting, progress=lambda event: totals.append(event.total))
    assert totals == [2 * 25] * 50  # few steps, so each is of one photo


def test_a_machine_that_gets_slower_does_not_make_it_longer(
    painting: Path, setting: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 30 steps that were to take 0.2 seconds, and take two, there are three in six seconds."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def slow(event: Progress) -> None:
        clock[0] += 2

    learn(painting, **setting, progress=slow)
    checkpoint = read_checkpoint(tmp_path / "run" / "checkpoint.pt")
    assert (checkpoint.state["next_step"], checkpoint.options.steps) == (3, 30)


@pytest.mark.parametrize("late_s", [0, 99])
def test_one_step_is_taken_anyhow(
    painting: Path, setting: dict[str, Any], monkeypatch: pytest.MonkeyPatch, late_s: int
) -> None:
    """Where steps take longer than there is time, and even where there is none left."""
    clock = [0.0]

    def step_times(*_: object) -> Any:
        clock[0] += late_s
        return 50, 50

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(module, "step_times", step_times)
    totals = []
    learn(painting, **setting, progress=lambda event: totals.append(event.total))
    assert totals == [1]


def test_vector_and_last_layer_are_learned_and_the_trunk_stays(
    painting: Path, setting: dict[str, Any], gallery: Gallery, tmp_path: Path
) -> None:
    losses = []
    style = learn(painting, **setting, progress=lambda event: losses.append(event.figures["J"]))
    assert len(losses) == 30
    assert losses[-1] < losses[0]
    assert (style.name, style.card.painting) == ("yellow-cow", "Yellow Cow.png")
    gallery.check(style, "it")
    assert style.thumbnail[:2] == b"\xff\xd8"  # JPEG
    spec = gallery.trunk.spec
    assert style.vector.size == spec.style_size + spec.last_layer_size
    vector, added = np.split(style.vector, [spec.style_size])
    assert all(
        np.abs(vector - gallery.load_style(name).vector).max() > 0.01 for name in gallery.names
    )
    assert 1e-4 < np.abs(added).max() < 0.1
    learned = read_checkpoint(tmp_path / "run" / "checkpoint.pt").averaged_network().weights()
    for name, array in as_network(gallery, "first").weights().items():
        assert np.array_equal(learned[name], array) != name.startswith("paint.")


def test_a_style_paints_as_the_network_that_learned_it(
    painting: Path, setting: dict[str, Any], gallery: Gallery, tmp_path: Path
) -> None:
    """One level of 255 for rounding, of the painting and of weights to float16."""
    spec = replace(gallery.trunk.spec, grain=0.0, coarse_grain=0.0)
    trained = as_network(gallery, "first").trunk()  # whose phases follow from one kernel
    write_trunk(gallery.folder / TRUNK_FILE, Trunk(spec, trained.weights))
    calm = Gallery(gallery.folder)
    for name in ("first", "second"):
        style = replace(gallery.load_style(name), trunk=calm.trunk.fingerprint)
        write_style(gallery.folder / f"{name}.style", style)
    style = learn(painting, **{**setting, "gallery": calm})
    network = read_checkpoint(tmp_path / "run" / "checkpoint.pt").averaged_network().eval()
    photo = picture(64, 48)
    with torch.no_grad():
        painted = network(to_tensor(photo), network.styles)[0].clamp(0, 1)
    expected = 255 * painted.permute(1, 2, 0).numpy()
    with Stylizer(style, gallery=calm, precision="f32") as stylizer:
        assert np.abs(stylizer(photo) - expected).max() < 1.5
    plain = replace(style, vector=style.vector[: spec.style_size])
    with Stylizer(plain, gallery=calm, precision="f32") as stylizer:
        assert np.abs(stylizer(photo) - expected).max() > 3


def as_network(gallery: Gallery, name: str) -> StyleNetwork:
    weights = gallery.trunk.float32_weights()
    return Start(gallery.trunk.spec, weights, gallery.load_style(name).vector[None]).network()


def test_it_begins_with_the_nearest_style(
    gallery: Gallery, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A painting of one of the styles' own making is nearest to that style."""
    monkeypatch.setattr(module, "TRIAL_PHOTOS", 1)
    crops = PhotoFolder(photo_folder, 0, lambda error: None)
    options = replace(OPTIONS, crop_px=48)
    for name in gallery.names:
        network = as_network(gallery, name)
        with torch.no_grad():
            made = network(crops.crops(0, 1, 48), network.styles).clamp(0, 1)
        trial = Trainer(gallery.trunk.spec, [made], crops, options, CPU)
        start = module._nearest(gallery, trial, picture(64, 64))
        np.testing.assert_allclose(start.vectors[0], gallery.load_style(name).vector)


def test_where_time_is_short_the_search_is_too(
    gallery: Gallery, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mean of all comes first, then the styles; each takes a second here."""
    crops = PhotoFolder(photo_folder, 0, lambda error: None)
    trial = Trainer(gallery.trunk.spec, [to_tensor(picture(48, 48))], crops, OPTIONS, CPU)
    measure = Mock(wraps=picture_losses)
    monkeypatch.setattr(module, "picture_losses", measure)
    monkeypatch.setattr(time, "monotonic", lambda: measure.call_count)
    for deadline_s, count in ((2, 2), (0, 1), (9, 3)):
        measure.reset_mock()
        module._nearest(gallery, trial, picture(64, 64), deadline_s)
        assert measure.call_count == count


def test_where_time_is_short_steps_are_smaller(
    painting: Path, setting: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time for 24 steps of three photos is time for 72 of one."""
    monkeypatch.setattr(module, "step_times", lambda *_: (0.25, 0.25))
    totals = []
    setting["options"] = replace(OPTIONS, photos_per_step=3)
    learn(painting, **setting, progress=lambda event: totals.append(event.total))
    assert totals == [72] * 72
    assert read_checkpoint(tmp_path / "run" / "checkpoint.pt").options.photos_per_step == 1


def test_interrupted_and_resumed(
    painting: Path, setting: dict[str, Any], gallery: Gallery, tmp_path: Path
) -> None:
    def stop_at_7(event: Progress) -> None:
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


def test_with_another_trunk_it_does_not_go_on(
    painting: Path, setting: dict[str, Any], gallery: Gallery
) -> None:
    learn(painting, **setting)
    other = tiny_gallery(gallery.folder, seed=5)
    with pytest.raises(OptionError, match="another network"):
        learn(painting, **{**setting, "gallery": other}, resume=True)


def test_it_is_learned_for_the_pack_with_an_encoder(
    painting: Path, setting: dict[str, Any], gallery: Gallery
) -> None:
    pack = tiny_gallery(gallery.folder / "moderns", "third", seed=4)
    write_encoder(pack.folder / ENCODER_FILE, tiny_encoder(pack.trunk))
    both = Gallery(gallery.folder)
    style = learn(painting, **{**setting, "gallery": both})
    assert both.pack_of(style).name == "moderns"


def test_what_cannot_be_learned_from(setting: dict[str, Any], tmp_path: Path) -> None:
    write_image(tmp_path / "tiny.png", Picture(picture(63, 80)))
    with pytest.raises(InputError, match=r"tiny\.png is 63 x 80 px"):
        learn(tmp_path / "tiny.png", **setting)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.jpg"):
        learn(tmp_path / "broken.jpg", **setting)
    with pytest.raises(OptionError, match="minutes"):
        learn(tmp_path / "tiny.png", **{**setting, "minutes": 0})
    assert not (tmp_path / "run").exists()


def test_free_photos_are_there() -> None:
    assert all(path.is_file() for path in free_photos())


def test_it_begins_with_what_the_encoder_predicts_if_that_is_nearest(
    gallery: Gallery, photo_folder: Path
) -> None:
    """An encoder that gives what a trunk needs to paint the photo's own negative, say, is believed;
    one that gives nonsense is not.
    """
    crops = PhotoFolder(photo_folder, 0, lambda error: None)
    random = np.random.default_rng(8)
    wanted = random.uniform(0.2, 1, gallery.trunk.spec.style_size).astype(np.float16)
    weights = gallery.trunk.float32_weights()
    network = Start(gallery.trunk.spec, weights, wanted[None].astype(np.float32)).network()
    with torch.no_grad():
        made = network(crops.crops(0, 1, 48), network.styles).clamp(0, 1)
    trial = Trainer(gallery.trunk.spec, [made], crops, replace(OPTIONS, crop_px=48), CPU)
    for vector in (wanted, 0 * wanted):
        write_encoder(gallery.folder / "encoder.safetensors", constant_encoder(gallery, vector))
        start = module._nearest(Gallery(gallery.folder), trial, picture(64, 64)).vectors[0]
        assert np.allclose(start, vector, atol=1e-3) == vector.any()


def constant_encoder(gallery: Gallery, vector: NDArray[np.float16]) -> Encoder:
    encoder = tiny_encoder(gallery.trunk)
    weights = {name: np.zeros_like(array) for name, array in encoder.weights.items()}
    return replace(encoder, weights={**weights, "style.bias": vector})


@pytest.fixture
def deep(setting: dict[str, Any]) -> dict[str, Any]:
    return {**setting, "deep": True, "options": replace(OPTIONS, trains="all", learning_rate=2e-3)}


def test_deep_the_trunk_is_tuned_too(
    painting: Path, deep: dict[str, Any], gallery: Gallery, tmp_path: Path
) -> None:
    losses = []
    style = learn(painting, **deep, progress=lambda event: losses.append(event.figures["J"]))
    assert losses[-1] < losses[0]
    assert style.own_trunk is not None
    assert style.trunk == style.own_trunk.fingerprint != gallery.trunk.fingerprint
    write_style(tmp_path / "cow.style", style)
    again = read_style(tmp_path / "cow.style")
    assert again.own_trunk is not None
    assert again.own_trunk.fingerprint == style.trunk
    photo = picture(40, 30)
    assert np.array_equal(again.vector, style.vector.astype(np.float16))
    rounded = replace(style, vector=again.vector)
    with Stylizer(rounded, gallery=gallery) as first, Stylizer(again, gallery=gallery) as second:
        assert np.array_equal(first(photo), second(photo))


def test_a_run_goes_on_as_it_began(
    painting: Path, setting: dict[str, Any], deep: dict[str, Any]
) -> None:
    learn(painting, **setting)
    with pytest.raises(OptionError, match="without --deep"):
        learn(painting, **deep, resume=True)


def test_a_full_disk_leaves_the_last_checkpoint(
    painting: Path, setting: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(painting, **setting)
    path = tmp_path / "run" / "checkpoint.pt"
    before = path.read_bytes()

    def full(content: bytes, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match=r"checkpoint\.pt cannot be written \(No space left"):
        learn(painting, **setting, resume=True)
    assert path.read_bytes() == before


def test_awkward_paintings(
    setting: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grey, animated, transparent: all can be learned from; what shows nothing cannot."""
    monkeypatch.setattr(module, "step_times", lambda *_: (2, 2))  # three steps
    pixels = picture(80, 70, seed=9)
    Image.fromarray(pixels[..., 0]).save(tmp_path / "grey.png")
    frames = [Image.fromarray(picture(80, 70, seed)) for seed in (3, 4)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    alpha = np.full((70, 80), 255, np.uint8)
    alpha[:, :30] = 0
    write_image(tmp_path / "holes.png", Picture(pixels, alpha=alpha))
    for name in ("grey.png", "moving.gif", "holes.png"):
        one = {**setting, "folder": tmp_path / name.partition(".")[0]}
        assert np.isfinite(learn(tmp_path / name, **one).vector).all()
    write_image(tmp_path / "nothing.png", Picture(pixels, alpha=0 * alpha))
    with pytest.raises(InputError, match="transparent all over"):
        learn(tmp_path / "nothing.png", **setting)


def test_a_bad_photo_is_named_and_a_folder_of_bad_ones_refused(
    painting: Path, setting: dict[str, Any], tmp_path: Path
) -> None:
    (setting["photos"] / "bad.jpg").write_bytes(b"no picture")
    skipped = []
    learn(painting, **setting, on_skip=lambda error: skipped.append(str(error)))
    assert any("bad.jpg" in line for line in skipped)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"no photograph in .*bad can be read"):
        learn(painting, **{**setting, "photos": tmp_path / "bad", "folder": tmp_path / "second"})
