"""A cluster of three nodes on this machine, a batch for it, and what may happen on the way."""

import collections
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import ray
from ray.cluster_utils import Cluster

from cluster.drive import batch_of
from cluster.films import make_film
from impasto.cluster import run
from impasto.images import Picture, read_image, write_image
from impasto.stylizer import Stylizer
from tiny import picture, tiny_gallery
from video.clips import read_clip

NODE = {"num_cpus": 1, "object_store_memory": 80_000_000}
BROKEN = (3, 4)


@contextmanager
def three_nodes() -> Iterator[Any]:
    nodes = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    try:
        for _ in range(2):
            nodes.add_node(**NODE)
        yield nodes
    finally:
        ray.shutdown()
        nodes.shutdown()


def make_batch(folder: Path, photos: int, size: tuple[int, int]) -> Any:
    """Photos, two of which cannot be read, and a film."""
    tiny_gallery(folder / "gallery")
    (folder / "photos/below").mkdir(parents=True)
    for number in range(photos):
        path = folder / "photos" / ("below" if number % 2 else ".") / f"{number}.png"
        write_image(path, Picture(picture(*size, number)))
        if number in BROKEN:
            path.write_bytes(b"?")
    make_film(folder / "photos/film.mp4")
    return batch_of(*(str(folder / name) for name in ("photos", "out", "gallery")))


def kill_a_painter(_: object) -> None:
    for folder in Path("/proc").glob("[0-9]*"):
        name = (folder / "cmdline").read_bytes() if folder.exists() else b""
        if name.startswith(b"ray::MapWorker"):
            os.kill(int(folder.name), signal.SIGKILL)
            return


def lose_a_node(cluster: Any) -> None:
    cluster.remove_node(min(cluster.worker_nodes, key=id))


def gain_a_node(cluster: Any) -> None:
    cluster.add_node(**NODE)


def drive_and_kill(batch: Any, cluster: Any) -> None:
    """Lose a painter after an eighth of the rows, a node after a quarter, gain one after three
    eighths, and lose the driver after half of them.
    """
    script = Path(__file__).with_name("drive.py")
    places = batch.source.address, batch.target.address, batch.options.look.gallery
    command = [sys.executable, str(script), *places, cluster.address]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    eighth = batch.source.count() // 8
    events = [(1, kill_a_painter), (2, lose_a_node), (3, gain_a_node)]
    with subprocess.Popen(command, text=True, **pipes) as driver:
        assert driver.stdin
        assert driver.stdout
        assert driver.stderr
        for line in driver.stdout:
            while events and int(line) >= events[0][0] * eighth:
                events.pop(0)[1](cluster)
            if int(line) >= 4 * eighth:
                break
            driver.stdin.write("\n")
            driver.stdin.flush()
        driver.kill()
        assert not events, driver.stderr.read()


def check(batch: Any, report: Any) -> None:
    """Every row has one whole file, the painting of its photo, and the table tells of it."""
    out = Path(batch.target.address)
    table = pq.read_table(out / run.TABLE).to_pylist()
    rows = list(batch.source.rows())
    assert report.skipped >= len(rows) // 3
    assert (report.failed, report.lost) == (len(BROKEN), 0)
    assert sorted(row["path"] for row in table) == sorted(row.path for row in rows)
    failed = {Path(row["path"]).name for row in table if row["error"]}
    assert failed == {f"{number}.png" for number in BROKEN}
    statuses = collections.Counter(row["status"] for row in table)
    assert statuses == {"painted": report.painted, "skipped": report.skipped, "failed": 2}
    expected = {row["output"] for row in table if not row["error"]}
    made = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    expected_files = expected | {run.TABLE, run.RECIPE}
    assert made == expected_files, made ^ expected_files
    with Stylizer(batch.options.look) as stylizer:
        for name in expected - {"film.mp4"}:
            photo = read_image(Path(batch.source.address, name))
            assert (read_image(out / name).pixels == stylizer(photo)).all()
    assert len(read_clip(out / "film.mp4")[0]) == 150
