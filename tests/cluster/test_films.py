from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cluster.films import make_film
from impasto.cluster.films import Film, FilmPainter, Piece
from impasto.cluster.places import Place
from impasto.errors import InputError
from impasto.options import StylizeOptions
from impasto.photo_jobs import Job
from impasto.video import stylize_video
from tiny import tiny_gallery
from video.clips import read_clip, sound_packets


@pytest.fixture
def film(tmp_path: Path) -> Film:
    source = make_film(tmp_path / "film.mp4")
    tiny_gallery(tmp_path / "gallery")
    look = StylizeOptions("first", gallery=tmp_path / "gallery", engine="opencv").for_frames()
    return Film(Job(str(source), "film.mp4"), Place(str(tmp_path / "out")), look, 0.4)


def paint(film: Any, pieces: Any) -> None:
    painter = FilmPainter([film], 1)
    for piece in pieces:
        piece.paint(painter._painter_of(film))


def test_scenes_begin_pieces(film: Film) -> None:
    pieces = list(film.cut())
    assert [(each.start_s, each.end_s) for each in pieces] == [(0, 2), (2, 4), (4, None)]


def test_without_stability_cuts_go_anywhere(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.cluster.films.MOST_FRAMES", 60)
    still = Film(film.job, film.target, film.look, stability=0)
    assert [each.start_s for each in still.cut()] == [0, 2.4, 4.8]


def test_pieces_become_the_film_of_one_machine(film: Film, tmp_path: Path) -> None:
    pieces = list(film.cut())
    paint(film, pieces[::-1])  # in any order, by whatever painter
    report = film.join(len(pieces))
    assert (report.width, report.height) == (96, 64)
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["film.mp4"]
    stylize_video(film.job.source, tmp_path / "one.mp4", film.look, stability=0.4)
    (times, frames), (one_times, one_frames) = map(
        read_clip, (tmp_path / "out/film.mp4", tmp_path / "one.mp4")
    )
    assert times == one_times
    # The same paintings, which the encoder has packed anew after each cut.
    apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, one_frames, strict=True)]
    assert max(apart) < 3
    assert sound_packets(tmp_path / "out/film.mp4") == sound_packets(tmp_path / "one.mp4")


def test_pieces_that_are_there_are_not_painted_again(film: Film) -> None:
    first, *_ = film.cut()
    painter = FilmPainter([film], 1)._painter_of(film)
    assert first.paint(painter) == 50
    assert first.paint(painter) == 0


def test_a_film_that_has_changed(film: Film) -> None:
    painter = FilmPainter([film], 1)._painter_of(film)
    with pytest.raises(InputError, match="has changed meanwhile"):
        Piece(film, 7, 99.0, None).paint(painter)
    with pytest.raises(InputError, match=r"cannot be read|does not exist"):
        film.join(1)
