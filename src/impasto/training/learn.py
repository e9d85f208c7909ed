"""A style of one's own from one painting: the trunk stays, a new vector is fitted to it; or, deep,
the trunk is fitted, too.

What Dumoulin et al. 2017, section 3.3, do with a trained network and a new painting. The vector has
some 1,600 numbers, against the trunk's 600,000: it takes minutes where a network takes hours, and
few photographs will do. Departure: the last layer, 1,200 numbers more, is the style's own, too. No
normalisation follows it, so that scales and shifts say nothing about how features become colours.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from impasto._util.arrays import Pixels
from impasto.errors import MissingExtraError, OptionError
from impasto.images import scale_shorter_side
from impasto.networks.trunk import Trunk
from impasto.perceptual.picture_losses import PhotoTargets, picture_losses
from impasto.perceptual.tensors import to_tensor
from impasto.styles import (
    Gallery,
    GallerySource,
    Style,
    StyleCard,
    learning_folder,
    open_gallery,
    read_painting,
    thumbnail,
)
from impasto.styles.predict import predict_style
from impasto.styles.style import check_name
from impasto.training.checkpoint import Checkpoint, read_checkpoint
from impasto.training.options import TrainingOptions
from impasto.training.run import Start, TrainingRun, train
from impasto.training.step_trainer import step_times
from impasto.training.trainer import Trainer

FREE_PHOTOS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
"""Photographs in scikit-image, all in the public domain or CC0."""

SMALLEST_MINUTES, MOST_MINUTES = 0.1, 24 * 60
SEARCH_SHARE, TRIAL_SHARE = 0.2, 0.3  # of the time: by then, the search and the trial are over
FEW_STEPS = 60  # where time is for fewer, each is of one photo: the same work teaches as much
TRIAL_PHOTOS = 2
OPTIONS = TrainingOptions(
    photos_per_step=1,
    styles_per_photo=1,
    crop_px=256,
    late_crop_px=352,
    enlarge=1.5,
    local_correlation_weight=0.4,
    learning_rate=0.02,
    average_decay=0.99,
    trains="last",
)
"""Vectors stand a rate ten times as high as weights do: all of them are about 1. Many small steps
take them further than few of several photos."""

DEEP = replace(OPTIONS, photos_per_step=3, enlarge=2.0, learning_rate=2e-3, trains="all")
"""The trunk is tuned, too, and can learn more of large pictures."""


def learn(
    painting: str | Path,
    *,
    photos: str | Path | Sequence[Path] | None = None,
    name: str = "",
    minutes: float = 5.0,
    gallery: GallerySource = None,
    deep: bool = False,
    options: TrainingOptions | None = None,
    run: TrainingRun | None = None,
) -> Style:
    """Fit a style to a painting.

    It shares the trunk of the gallery's `Gallery.open_pack`, and begins with that style of this
    pack, or that prediction of its encoder, which is nearest to the painting. When the run's
    progress listener raises, `learned_style` makes a style of the run's checkpoint, and ``resume``
    goes on from it for so many minutes more.

    Args:
        painting: a picture of it, at least 64 px on each side.
        photos: a folder of photographs to practise on, or their files; `free_photos` if not given.
        name: of the style; after the painting's file if not given.
        minutes: about how long the call may take.
        gallery: whose open pack it is for; the shipped gallery if not given.
        deep: tune the trunk, too. The style carries its own (1.2 MB), and mixes with no other.
        options: of training; ``steps`` is set by ``minutes``. `OPTIONS` or `DEEP` if not given.
        run: see `TrainingRun`; `learning_run` if not given.

    Raises:
        InputError: the painting, the photos or the checkpoint cannot be read.
        OptionError: minutes are out of their range, or the folder holds another run.
        StyleError: the name has no letter.
        MissingExtraError: there are no photos, and scikit-image is not installed.
        OutputError: the folder cannot be written.
        TrainingError: the loss is not finite whatever the rate.
    """
    began, painting = time.monotonic(), Path(painting)
    if not SMALLEST_MINUTES <= minutes <= MOST_MINUTES:
        raise OptionError(
            f"minutes is {minutes}", f"give a number from {SMALLEST_MINUTES} to {MOST_MINUTES}"
        )
    pixels, name = read_painting(painting), check_name(name or painting.stem)
    gallery = open_gallery(gallery)
    run = run or learning_run(name)
    options = options or (DEEP if deep else OPTIONS)
    photos = free_photos() if photos is None else photos
    chosen = Path(photos) if isinstance(photos, str | Path) else photos
    crops = run.photo_folder(chosen, options.seed)
    trunk = gallery.open_pack.trunk
    before = read_checkpoint(run.checkpoint) if run.resume else None
    if before:
        _check_goes_on(before, options, trunk, name)
        options = before.options
    target = to_tensor(scale_shorter_side(pixels, options.painting_px))
    trial = Trainer(trunk.spec, [target], crops, options, run.hardware)
    start, options = _plan(gallery, trial, pixels, before, began, 60 * minutes)
    run = replace(run, deadline_s=began + 60 * minutes)
    paintings = {name: painting}
    checkpoint = train(paintings, chosen, run, spec=trunk.spec, options=options, start=start)
    return learned_style(checkpoint, painting, gallery)


def learning_run(name: str) -> TrainingRun:
    """Return how `learn` runs unless it is told otherwise: in the style's own folder
    (`impasto.styles.learning_folder`), with a checkpoint and a preview twice a minute.
    """
    return TrainingRun(learning_folder(name), checkpoint_every_s=30, preview_every_s=30)


def learned_style(checkpoint: Checkpoint, painting: Path, gallery: Gallery) -> Style:
    """Return what a run has learned so far.

    Args:
        gallery: with whose open pack it learned.

    Raises:
        InputError: the painting cannot be read.
    """
    trunk, trained = gallery.open_pack.trunk, checkpoint.options.trains
    network = checkpoint.averaged_network()
    vector = network.styles.detach().numpy()[0]
    if trained == "last":
        vector = np.concatenate([vector, network.added_to_last_layer(trunk)])
    own_trunk = network.trunk() if trained == "all" else None
    card = StyleCard(title=painting.stem, painting=painting.name)
    return Style(
        checkpoint.styles[0],
        vector,
        (own_trunk or trunk).fingerprint,
        card,
        thumbnail(read_painting(painting)),
        checkpoint.options.painting_px,
        own_trunk,
    )


def free_photos() -> list[Path]:
    """Return a few photographs to practise on, in the public domain or CC0, from scikit-image.

    Raises:
        MissingExtraError: it is not installed.
    """
    package = importlib.util.find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("learning without photos of your own", "learn")
    folder = Path(package.submodule_search_locations[0], "data")
    return [folder / name for name in FREE_PHOTOS]


def _plan(
    gallery: Gallery,
    trial: Trainer,
    painting: Pixels,
    before: Checkpoint | None,
    began_s: float,
    budget_s: float,
) -> tuple[Start | None, TrainingOptions]:
    """Return where a run begins, unless it goes on, and its options, with as many steps as there is
    time for.
    """
    search_until_s = began_s + SEARCH_SHARE * budget_s
    start = None if before else _nearest(gallery, trial, painting, search_until_s)
    early_s, late_s = step_times(trial, began_s + TRIAL_SHARE * budget_s)
    left_s = max(0.0, began_s + budget_s - time.monotonic())  # loading and trials took their part
    options, done = trial.options, before.state["next_step"] if before else 0
    steps = _steps_in(left_s, done, options, early_s, late_s)
    if steps < FEW_STEPS and not before:
        steps *= options.photos_per_step
        options = replace(options, photos_per_step=1)
    return start, replace(options, steps=done + max(1, round(steps)))


@torch.no_grad()
def _nearest(
    gallery: Gallery, trial: Trainer, painting: Pixels, deadline_s: float = math.inf
) -> Start:
    """Return the open pack's trunk, and that vector which has the lowest objective for a painting:
    what its encoder predicts, if it has one, the mean of its styles, or one of them; of those tried
    before the deadline (by `time.monotonic`), the first whatever the time.
    """
    trunk, hardware = gallery.open_pack.trunk, trial.hardware
    size = trunk.spec.style_size  # what others add to the last layer is not begun with
    known = [style.vector[:size] for style in gallery.styles_of(trunk)]
    known.insert(0, np.mean(known, axis=0))
    if gallery.open_pack.has_encoder:
        known.insert(0, predict_style(painting, gallery=gallery).vector)
    vectors = np.stack(known).astype(np.float32)
    start = Start(trunk.spec, trunk.float32_weights(), vectors)
    network = start.network().to(hardware.device).eval()
    crops = trial.photos.crops(0, TRIAL_PHOTOS, trial.options.crop_px).to(hardware.device)
    content = PhotoTargets.of(trial.vgg, crops)
    objectives = []
    for vector in network.styles:
        with hardware.autocast():
            painted = network(crops, vector.expand(TRIAL_PHOTOS, -1)).clamp(0, 1)
        losses = picture_losses(trial.vgg, painted, content, trial.targets, exact=False)
        objectives.append(losses.objective.mean().item())
        if time.monotonic() >= deadline_s:
            break
    return replace(start, vectors=vectors[[int(np.argmin(objectives))]])


def _check_goes_on(before: Checkpoint, options: TrainingOptions, trunk: Trunk, name: str) -> None:
    was_deep, is_deep = (each.trains == "all" for each in (before.options, options))
    if was_deep != is_deep:
        raise OptionError(
            f"{name} was learned {'with' if was_deep else 'without'} --deep",
            "go on as it began, or begin anew with --overwrite",
        )
    if not is_deep and not before.keeps_weights_of(trunk):
        raise OptionError(
            f"{name} was learned with another network than this gallery's",
            "begin anew with --overwrite",
        )


def _steps_in(
    left_s: float, done: int, options: TrainingOptions, early_s: float, late_s: float
) -> float:
    """Return how many steps a run can go on for: its late ones, which take longer, are a part of
    the whole run, so of a long one that is nearly over there are late ones only.
    """
    late = 1 - options.late_from
    total = (left_s + done * early_s) / (options.late_from * early_s + late * late_s)
    only_late = options.late_from * total < done
    return left_s / late_s if only_late else total - done
