"""Training an encoder by an emulator."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from impasto.errors import InputError, OptionError
from impasto.networks.encoder import EncoderSpec, read_encoder, write_encoder
from impasto.perceptual.hardware import Hardware
from impasto.training import directions, emulated, emulator, gram_reader
from impasto.training.checkpoint import read_encoder_checkpoint
from impasto.training.encoder import EncoderOptions
from impasto.training.train_encoder import train_encoder
from tiny import tiny_gallery

SPEC = EncoderSpec((4, 6), more=(0, 1), hidden=12, bottleneck=5)
OPTIONS = EncoderOptions(
    steps=12,
    photos_per_step=2,
    crop_px=32,
    late_crop_px=32,
    painting_crop_px=32,
    learning_rate=0.02,
    average_decay=0.8,
)
EMULATED = replace(OPTIONS, samples=64, steps=30)


@pytest.fixture
def setting(tmp_path, photo_folder, painting_files, monkeypatch):
    """An encoder that knows a little, and everything to train it on."""
    monkeypatch.setattr(emulator, "FIT_STEPS", 100)
    monkeypatch.setattr(emulator, "HIDDEN", 16)
    monkeypatch.setattr(gram_reader, "FIT_STEPS", 100)
    monkeypatch.setattr(gram_reader, "HIDDEN", 16)
    monkeypatch.setattr(emulated, "PRACTISED", 2)
    given = {
        "paintings": list(painting_files.values()),
        "photos": photo_folder,
        "gallery": tiny_gallery(tmp_path / "gallery"),
        "spec": SPEC,
        "hardware": Hardware(torch.device("cpu"), torch.float32),
    }
    train_encoder(**given, folder=tmp_path / "first", options=OPTIONS)
    return {**given, "options": EMULATED, "start_from": tmp_path / "first"}


def test_it_learns_and_keeps_the_directions(setting, tmp_path):
    figures, tasks = [], []

    def listen(event):
        tasks.append(event.task)
        if event.task == "training":
            figures.append(event.figures["J"])

    file = train_encoder(**setting, folder=tmp_path / "run", progress=listen)
    assert list(dict.fromkeys(tasks)) == ["sampling", "emulator", "reader", "training"]
    assert figures[-1] < figures[0]
    before, after = read_encoder(tmp_path / "first" / file.name), read_encoder(file)
    for name in before.weights:
        same = np.array_equal(before.weights[name], after.weights[name])
        assert same == name.startswith("style."), name


def test_an_encoder_with_other_layers_learns_from_one_that_knows_something(setting, tmp_path):
    """Codes of the tiny guide hardly differ from the mean, so they are close at once."""
    codes = []

    def listen(event):
        if event.task == "training":
            codes.append(event.figures["code"])

    spec = replace(SPEC, channels=(3, 5, 4), more=(1,), hidden=9)
    file = train_encoder(**{**setting, "spec": spec}, folder=tmp_path / "run", progress=listen)
    assert codes[-1] < codes[0]
    before, after = read_encoder(tmp_path / "first" / file.name), read_encoder(file)
    assert after.spec.channels == (3, 5, 4)
    for name in ("style.weight", "style.bias"):
        np.testing.assert_array_equal(after.weights[name], before.weights[name])


def test_directions_are_added_to_those_of_the_encoder_before(setting, tmp_path, monkeypatch):
    monkeypatch.setattr(directions, "GRADIENTS", 8)
    tasks = []
    wide = {**setting, "spec": replace(SPEC, bottleneck=7)}
    file = train_encoder(
        **wide, folder=tmp_path / "run", progress=lambda event: tasks.append(event.task)
    )
    assert tasks[0] == "finding directions"
    before, after = read_encoder(tmp_path / "first" / file.name), read_encoder(file)
    np.testing.assert_array_equal(
        after.weights["style.weight"][:, :5], before.weights["style.weight"]
    )
    samples = load_file(tmp_path / "run" / "samples.safetensors")
    assert (samples["codes"].std(axis=0) > 0).all()
    with pytest.raises(OptionError, match="has 5 directions, not 3"):
        train_encoder(
            **{**setting, "spec": replace(SPEC, bottleneck=3)}, folder=tmp_path / "narrow"
        )


def test_an_encoder_that_cannot_be_started_from_is_refused_before_any_work(setting, tmp_path):
    events = []
    wide = replace(SPEC, bottleneck=7)
    other = {**setting, "options": OPTIONS, "spec": replace(wide, channels=(3, 5))}
    with pytest.raises(OptionError, match="other layers"):
        train_encoder(**other, folder=tmp_path / "layers", progress=events.append)
    path = tmp_path / "first" / "encoder.safetensors"
    encoder = read_encoder(path)
    spec = replace(encoder.spec, style_size=encoder.spec.style_size - 1)
    weights = {name: np.zeros(shape, np.float16) for name, shape in spec.shapes().items()}
    write_encoder(path, replace(encoder, spec=spec, weights=weights))
    with pytest.raises(OptionError, match="another bottleneck, or a trunk of another size"):
        train_encoder(**{**setting, "spec": wide}, folder=tmp_path / "size", progress=events.append)
    assert not events


@pytest.mark.parametrize("task", ["sampling", "emulator", "reader", "training"])
@pytest.mark.parametrize("spec", [SPEC, replace(SPEC, channels=(3, 5))])
def test_stopped_and_resumed_it_ends_where_an_unbroken_run_does(setting, tmp_path, task, spec):
    setting["spec"] = spec
    unbroken = read_encoder(train_encoder(**setting, folder=tmp_path / "whole"))

    def stop(event):
        if event.task == task and event.done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_encoder(**setting, folder=tmp_path / "broken", progress=stop)
    checkpoint = read_encoder_checkpoint(tmp_path / "broken" / "checkpoint.pt")
    assert checkpoint.state["next_step"] == (16 if task == "training" else 0)
    again = {**setting, "start_from": None}
    resumed = read_encoder(train_encoder(**again, folder=tmp_path / "broken", resume=True))
    for name, array in unbroken.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], array)


def test_samples_of_another_encoder_are_refused(setting, tmp_path):
    train_encoder(**setting, folder=tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "run" / "samples.safetensors").rename(tmp_path / "other" / "samples.safetensors")
    options = replace(OPTIONS, seed=4)
    train_encoder(**{**setting, "options": options, "start_from": None}, folder=tmp_path / "second")
    with pytest.raises(InputError, match="another trunk or encoder"):
        train_encoder(**{**setting, "start_from": tmp_path / "second"}, folder=tmp_path / "other")


def test_a_second_run_takes_samples_over_and_adds_to_them(setting, tmp_path):
    train_encoder(**setting, folder=tmp_path / "run")
    more = {**setting, "options": replace(EMULATED, samples=72), "start_from": tmp_path / "run"}
    counts = []

    def listen(event):
        if event.task == "sampling":
            counts.append((event.done, event.total))

    train_encoder(**more, folder=tmp_path / "more", progress=listen)
    assert counts == [(72, 72)]
    first, both = (load_file(tmp_path / name / "samples.safetensors") for name in ("run", "more"))
    np.testing.assert_array_equal(both["codes"][:64], first["codes"])
    other = {**more, "options": replace(EMULATED, seed=7)}  # other crops: none of them holds
    counts.clear()
    train_encoder(**other, folder=tmp_path / "other", progress=listen)
    assert counts[0] == (8, 64)


def test_what_cannot_be(setting, tmp_path):
    with pytest.raises(OptionError, match="knows something already"):
        train_encoder(**{**setting, "start_from": None}, folder=tmp_path / "a")
    few = replace(EMULATED, samples=3)
    with pytest.raises(OptionError, match="3 samples are too few"):
        train_encoder(**{**setting, "options": few}, folder=tmp_path / "b")
    with pytest.raises(OptionError, match="samples is -1"):
        replace(EMULATED, samples=-1)
