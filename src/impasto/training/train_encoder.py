"""A run that trains an encoder: as `impasto.training.run` has it, in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from impasto._util.arrays import Pixels
from impasto.errors import OptionError, StyleError
from impasto.images import find_images
from impasto.networks.encoder import ENCODER, EncoderSpec, read_encoder, write_encoder
from impasto.networks.trunk import Trunk
from impasto.styles import ENCODER_FILE, Gallery, Style
from impasto.styles.style import check_name
from impasto.training.checkpoint import EncoderCheckpoint, read_encoder_checkpoint
from impasto.training.encoder import EncoderOptions, EncoderTrainer, PaintingCrops
from impasto.training.joint import JointTrainer, paintings_of, write_pack
from impasto.training.paintings import read_entries
from impasto.training.run import Start, TrainingRun, paint_grid

PACK_FOLDER = "gallery"
PREVIEW_PHOTOS, PREVIEW_PAINTINGS = 2, 6


def train_encoder(
    paintings: Sequence[Path],
    photos: Path,
    run: TrainingRun,
    gallery: Gallery,
    *,
    spec: EncoderSpec = ENCODER,
    options: EncoderOptions | None = None,
    start_from: Path | None = None,
) -> Path:
    """Train an encoder for a gallery's main trunk, or go on with it; return its file.

    Args:
        paintings: files, some hundred; those of the gallery's styles are among them if the trunk is
            trained, too.
        photos: a folder of photographs: to paint, and some of them to be taken for paintings.
        run: see `TrainingRun`. At every checkpoint its folder gets the encoder so far, too.
        gallery: has the trunk, and styles whose mean is where the encoder begins.
        spec: the encoder to train, but for its ``style_size``.
        options: if not given, those of the checkpoint when the run goes on. With ``with_trunk``,
            trunk and styles are written to the folder's ``gallery``, beside their encoder.
        start_from: the folder of another run, or of a gallery, whose encoder this one begins with,
            be it for another trunk.

    Raises:
        OptionError: the checkpoint is for another trunk, or there is one already; the encoder to
            start from has other layers; a style's painting is missing.
        StyleError: the encoder to start from is damaged or missing; the gallery has no style.
        InputError, OutputError, TrainingError: see `impasto.training.run.train`.
    """
    before = run.begin(read_encoder_checkpoint)
    trunk = gallery.trunk
    if before and before.trunk != trunk.fingerprint:
        raise OptionError(
            f"{run.checkpoint} is for trunk {before.trunk}, not for {trunk.fingerprint}",
            "resume with the same --gallery",
        )
    spec = before.spec if before else replace(spec, style_size=trunk.spec.style_size)
    options = options or (before.options if before else EncoderOptions())
    styles = gallery.styles_of(trunk)
    if not styles:
        raise StyleError(
            f"{gallery.folder} has no style to begin with", "give a gallery with styles"
        )
    trainer = _trainer(spec, trunk, styles, paintings, photos, options, run)
    if start_from and not before:
        _start(trainer, start_from)
    home = run.folder / PACK_FOLDER if options.with_trunk else run.folder

    def keep(checkpoint: EncoderCheckpoint) -> None:
        if isinstance(trainer, JointTrainer):
            write_pack(home, trainer, styles)
        else:
            write_encoder(home / ENCODER_FILE, checkpoint.encoder())

    checkpoint = partial(EncoderCheckpoint, spec, options, trunk.fingerprint)
    run.take_steps(trainer, checkpoint, partial(_preview, trainer), before, keep)
    return home / ENCODER_FILE


def _trainer(
    spec: EncoderSpec,
    trunk: Trunk,
    styles: Sequence[Style],
    paintings: Sequence[Path],
    photos: Path,
    options: EncoderOptions,
    run: TrainingRun,
) -> EncoderTrainer:
    photo_files = find_images(photos, "photographs", deep=True)
    crops = run.photo_folder(photo_files, options.seed, enlarge=options.enlarge)
    # What a style adds to the last layer is left out: one is trained for all.
    vectors = np.stack([style.vector[: trunk.spec.style_size] for style in styles])
    network = Start(trunk.spec, trunk.float32_weights(), vectors).network()
    painting_crops = PaintingCrops(paintings, photo_files, options, run.on_skip)
    given = (spec, network, painting_crops, crops, options, run.hardware)
    if options.with_trunk:
        return JointTrainer(*given, paintings_of(styles, paintings))
    return EncoderTrainer(*given)


def _start(trainer: EncoderTrainer, folder: Path) -> None:
    start = read_encoder(folder / ENCODER_FILE)
    if start.spec.shapes() != trainer.encoder.spec.shapes():
        raise OptionError("the encoder to start from has other layers", "start from one like this")
    trainer.start_from(start.weights)


def _preview(trainer: EncoderTrainer) -> Pixels:
    paintings = trainer.paintings.plain_crops(PREVIEW_PAINTINGS)
    photos = trainer.photos.crops(0, PREVIEW_PHOTOS, paintings.shape[-1])
    vectors = trainer.predict(paintings)
    return paint_grid(trainer.average_painter, vectors, photos, trainer.hardware, paintings)


def find_paintings(folders: Sequence[Path], leave_out: Sequence[str] = ()) -> list[Path]:
    """Return the paintings to train on.

    Args:
        folders: each searched with the folders below it.
        leave_out: files' names, with or without folder and suffix; or JSON lists of paintings
            (`impasto.training.paintings.read_paintings`).

    Raises:
        InputError: a folder holds no pictures, or a list cannot be read.
        OptionError: what is to be left out is in none of the folders, or nothing is left.
    """
    found = [path for each in folders for path in find_images(each, "paintings", deep=True)]
    files: list[str] = []
    for each in leave_out:
        listed = each.endswith(".json")
        files += read_entries(Path(each), lambda e: str(e["painting"])) if listed else [each]
    names = {check_name(Path(file).stem) for file in files}
    missing = names - {check_name(path.stem) for path in found}
    if missing:  # a slip of the pen must not let a painting in
        raise OptionError(
            f"--leave-out: no painting {', '.join(sorted(missing))} there", "check the name"
        )
    kept = [path for path in found if check_name(path.stem) not in names]
    if not kept:
        raise OptionError("--leave-out leaves no painting", "leave out fewer")
    return kept
