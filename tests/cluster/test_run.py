"""A batch on three nodes, of which a painter, a node and the driver are lost on the way."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.three_nodes import BROKEN, check, drive_and_kill, make_batch, three_nodes
from impasto._util.atomic_files import TEMPORARY_SUFFIX
from impasto.cluster import run
from impasto.cluster.places import Place
from impasto.errors import OptionError, OutputError
from impasto.images import Picture, write_image
from tiny import picture


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are found in /proc")
@pytest.mark.filterwarnings("ignore")  # of Ray's
def test_every_row_is_one_whole_file(tmp_path: Path) -> None:
    """Whatever ends on the way; the same command goes on, and the table is right."""
    batch = make_batch(tmp_path, 48, (400, 300))
    named = []
    with three_nodes() as nodes:
        drive_and_kill(batch, nodes)
        report = run.paint_batch(
            batch, address=nodes.address, on_failure=lambda path, _: named.append(Path(path).name)
        )
    check(batch, report)
    assert sorted(named) == ["3.png", "4.png"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Ray's
def test_photos_that_come_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are for the next run: this one has listed its source, once. What killed painters have
    left half-written is deleted.
    """
    batch = make_batch(tmp_path, 5, (40, 30))
    Path(batch.source.address, "film.mp4").unlink()
    run._check_recipe(batch.target, batch.options)
    left = tmp_path / f"out/below/.1.png{TEMPORARY_SUFFIX}"
    left.parent.mkdir()
    left.touch()
    (left.parent / "1.png").touch()  # another painter has done it
    session = run._session

    def late(address: str | None) -> AbstractContextManager[None]:
        write_image(Path(batch.source.address, "late.png"), Picture(picture(40, 30)))
        return session(address)

    monkeypatch.setattr(run, "_session", late)
    report = run.paint_batch(batch)
    assert (report.painted, report.skipped, report.failed, report.lost) == (2, 1, len(BROKEN), 0)
    assert not left.exists()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:6379", "127.0.0.1:99999"])
def test_a_cluster_that_does_not_answer(address: str) -> None:
    with pytest.raises(OptionError, match=f"no Ray answers at {address}"), run._session(address):
        pass


def test_targets_of_other_paintings_are_refused(tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 1, (40, 30))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").touch()
    with pytest.raises(OutputError, match="files that no batch has left"):
        run.paint_batch(replace(batch, target=Place(str(tmp_path / "full"))))
    run._check_recipe(batch.target, batch.options)
    with pytest.raises(OptionError, match="another file_quality"):
        run.paint_batch(replace(batch, options=replace(batch.options, file_quality=50)))


def test_paintings_in_the_source_are_no_photos(tmp_path: Path) -> None:
    batch = make_batch(tmp_path, 5, (40, 30))
    inside = Place(f"{batch.source.address}/out")
    for name in ("0.png", run.RECIPE):
        with inside.writing(name) as path:
            path.touch()
    assert len(list(replace(batch, target=inside).rows())) == 5 + 1
