"""The work of one job, in a process of its own: ``python -m impasto.server.work FOLDER``.

It writes a line of JSON to standard output for each step, and one for its end. When the server has
gone, standard input ends, and so does this process, at once: what it was doing is gone on with, or
begun anew, when the next server starts it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from impasto._util.atomic_files import lock_folder, make_folder
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.progress import Progress, ProgressListener
from impasto.server.jobs import RUN, read_request

if TYPE_CHECKING:
    from impasto.gatys.optimize import Iterate
    from impasto.styles import Gallery, Style

TELL_EVERY_S, PREVIEW_EVERY_S = 0.25, 3.0
LOCK_WAIT_S = 20.0  # for the process of a server that was killed


def do(folder: Path, progress: ProgressListener) -> str:
    """Do the work of a job, or go on with it.

    Args:
        folder: of the job, which is the current one, too, so that errors name no other.
        progress: told after each step.

    Returns:
        the name of the result in it.

    Raises:
        ImpastoError: it cannot be done.
    """
    from impasto.video.resume_state import is_unfinished

    request = read_request(folder)
    works: dict[str, Callable[..., None]] = {"video": _video, "learn": _learn, "best": _best}
    result = Path(request["result"])
    # It appears whole, when all is done: the server may have been killed before it knew.
    if not result.exists() or is_unfinished(result):
        works[request["kind"]](request, progress)
    shutil.rmtree(RUN, ignore_errors=True)
    return result.name


def _gallery(request: Mapping[str, Any]) -> Gallery:
    from impasto.server.settings import ServerSettings

    return ServerSettings(gallery_folder=request["gallery"], folder=Path(request["server"])).gallery


def _video(request: Mapping[str, Any], progress: ProgressListener) -> None:
    from impasto.video import stylize_video
    from impasto.video.resume_state import is_unfinished

    result = Path(request["result"])
    begun, options, most = is_unfinished(result), request["options"], request["frames"]

    def listen(event: Progress) -> None:
        if event.done > most:  # its header said less
            raise InputError(f"the video has more than {most:,} frames", "cut it first")
        progress(event)

    if "size" in options:
        options = {**options, "size": tuple(options["size"])}
    stylize_video(
        "video", result, **options, gallery=_gallery(request), resume=begun, progress=listen
    )


def _learn(request: Mapping[str, Any], progress: ProgressListener) -> None:
    from impasto.perceptual.hardware import keep_freed_memory
    from impasto.styles import StyleCard, add_style, write_style
    from impasto.styles.predict import predict_style
    from impasto.training.checkpoint import read_checkpoint
    from impasto.training.learn import SMALLEST_MINUTES, free_photos, learn
    from impasto.training.paintings import Painting
    from impasto.training.run import TrainingRun
    from impasto.training.train_fine import learn_fine

    keep_freed_memory()
    gallery, painting, name = _gallery(request), Path("painting"), request["name"]
    began, seconds = time.monotonic(), 60 * request["minutes"]

    def listen(_: Progress) -> None:
        progress(
            Progress("learning", round(min(time.monotonic() - began, seconds)), round(seconds))
        )

    run = TrainingRun(Path(RUN), checkpoint_every_s=20, preview_every_s=15, progress=listen)
    begun = run.checkpoint.exists()
    fine = gallery.fine and gallery.open_pack.has_encoder
    style: Style
    if fine:
        assert gallery.fine
        run = replace(run, resume=True)
        style = learn_fine(
            Painting(painting, StyleCard(title=name)),
            run,
            photos=free_photos(),
            name=name,
            minutes=request["minutes"],
            gallery=gallery.fine,
        )
    else:
        spent = read_checkpoint(run.checkpoint).seconds / 60 if begun else 0.0
        began -= 60 * spent
        minutes = max(SMALLEST_MINUTES, request["minutes"] - spent)
        run = replace(run, resume=begun)
        style = learn(painting, name=name, minutes=minutes, gallery=gallery, run=run)
    if fine and name not in gallery.names:
        predicted = predict_style(painting, gallery=gallery)
        add_style(replace(predicted, card=style.card), gallery, name)
    add_style(style, gallery)
    write_style(request["result"], style)


def _best(request: Mapping[str, Any], progress: ProgressListener) -> None:
    from impasto.gatys.optimize import paint
    from impasto.gatys.options import PaintOptions
    from impasto.perceptual.hardware import keep_freed_memory

    keep_freed_memory()
    make_folder(Path(RUN))
    shown_s, number = time.monotonic(), 0

    def listen(iterate: Iterate) -> None:
        nonlocal shown_s, number
        task = f"painting at {iterate.width} x {iterate.height} px"
        progress(Progress(task, iterate.step, iterate.steps))
        if time.monotonic() - shown_s > PREVIEW_EVERY_S:
            number += 1
            iterate.picture().without_metadata().save(f"{RUN}/preview-{number:06d}.jpg")
            shown_s = time.monotonic()

    options = PaintOptions(**request["options"])
    painting = paint(Path("photo"), Path("painting"), options, on_iterate=listen)
    painting.save(request["result"])


def _end_with_server() -> None:
    os.read(0, 1)  # nothing is ever written; `sys.stdin` would hold a lock that Python needs to end
    os._exit(1)


def _lock(folder: Path) -> IO[bytes]:
    until = time.monotonic() + LOCK_WAIT_S
    while (lock := lock_folder(folder)) is None:
        if time.monotonic() > until:
            raise OutputError("another process does this work", "end it")
        time.sleep(0.1)
    return lock


def main() -> None:
    """Do the work of the job whose folder is named on the command line."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    server = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print is no line for the server
    told_s = 0.0

    def tell(**event: object) -> None:
        server.write(json.dumps(event) + "\n")
        server.flush()

    def progress(event: Progress) -> None:
        nonlocal told_s
        if event.done == event.total or time.monotonic() - told_s > TELL_EVERY_S:
            tell(task=event.task, done=event.done, total=event.total)
            told_s = time.monotonic()

    folder = Path(sys.argv[1]).absolute()
    os.chdir(folder)
    if hasattr(os, "nice"):
        os.nice(5)  # people wait for photos
    try:
        with _lock(folder):
            tell(result=do(folder, progress))
    except ImpastoError as error:
        tell(error=str(error))
    except Exception as error:
        tell(error=f"unexpected {type(error).__name__} ({error}): please report it")
        raise


if __name__ == "__main__":
    main()
