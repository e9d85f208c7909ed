"""One batch from its source to its target, on all nodes of a Ray cluster."""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import socket
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import ray

from impasto._util.atomic_files import write_atomically
from impasto.cluster.films import Film, FilmCutter, FilmPainter
from impasto.cluster.photos import RESULTS, BatchOptions, PhotoPainter, foreseen, table_of
from impasto.cluster.places import Place, fetched
from impasto.cluster.source import Row, Source
from impasto.errors import ImpastoError, InputError, OptionError, OutputError
from impasto.photo_jobs import Job, Outcome
from impasto.progress import Progress, ProgressListener, ignore_progress
from impasto.stylizer import Stylizer

if TYPE_CHECKING:
    from ray.data import Dataset

ROWS_PER_TASK = 16
"""Enough that handing out work costs next to nothing, and little enough that a node that is lost
takes but seconds of work along."""

CUTTERS = 4
"""How many films are looked through for their scenes at a time."""

TRIES = 5
"""How often a task begins whose painter has died: a photo that kills each of them is given up."""

MOST_DEATHS = 20
"""Painters in a row that die before they paint: what kills them is no accident."""

LAST_PORT = 65535
ANSWER_S = 10.0
TABLE_ROWS = 1024
"""As many are kept until they are written: the driver's memory is the same for a million."""

RECIPE, TABLE = "batch.json", "results.parquet"
LISTING = pa.schema({name: pa.string() for name in ("path", "output", "options")})


@dataclass(frozen=True)
class BatchReport:
    """What became of the rows: how many are ``painted``, ``skipped`` since an earlier run painted
    them, ``failed``, or ``lost`` with painters that died of them.

    Attributes:
        table: the address of the table that tells of each.
    """

    painted: int
    skipped: int
    failed: int
    lost: int
    table: str


@dataclass(frozen=True)
class Batch:
    """What to paint, where to, and how.

    Attributes:
        source: what to paint.
        target: where paintings go, and the table of results.
        options: how to paint, unless a row says otherwise.
        painters: at most so many at a time; as many as there are CPUs for if none.
    """

    source: Source
    target: Place
    options: BatchOptions
    painters: int | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the source's rows, but for paintings, which may lie in a folder of it."""
        painted = self.target.join("") if self.target.holds(RECIPE) else None
        return (row for row in self.source.rows() if not (painted and row.path.startswith(painted)))


def paint_batch(
    batch: Batch,
    *,
    address: str | None = None,
    progress: ProgressListener = ignore_progress,
    on_failure: Callable[[str, str], None] = lambda path, error: None,
) -> BatchReport:
    """Paint all rows of a source whose paintings are not there yet.

    Args:
        batch: what, where to, and how.
        address: of a Ray cluster; ``auto`` finds the one that this machine is of. If not given, all
            is done here.
        progress: told after every few rows.
        on_failure: told the path of each row that failed, and why.

    Raises:
        InputError: the source cannot be read.
        OptionError: the target holds something else, or the cluster does not answer.
        OutputError: the target cannot be written.
        StyleError, EngineError: the style cannot be opened.
    """
    Stylizer(batch.options.look, threads=batch.options.cpus).close()  # or refuse, soon
    photos, listing, films = _list(batch)
    if not photos + len(films):
        raise InputError(f"{batch.source.address} holds nothing to paint", "give photos or films")
    _check_recipe(batch.target, batch.options)
    with _session(address), _Table(batch.target, on_failure) as table:
        if photos:
            table.take(_painted_photos(batch, listing), photos, progress)
        if films:
            table.take(_painted_films(batch, films, progress), len(films), ignore_progress)
    # Of a photo that is painted again since the node that told of it is lost, more than one
    # painting is begun.
    batch.target.clear_abandoned()
    counts = table.counts
    lost = photos + len(films) - sum(counts.values())
    return BatchReport(**counts, lost=lost, table=batch.target.join(TABLE))


def _check_recipe(target: Place, options: BatchOptions) -> None:
    """Write what paintings depend on into a new target; or compare it with what is there, since
    what an earlier run left will not be painted anew.

    Raises:
        OptionError: the target's paintings are others.
        OutputError: it cannot be written, or holds what no batch has left.
    """
    recipe = json.loads(json.dumps(options.recipe()))
    if not target.holds(RECIPE):
        if next(target.walk(), None):
            raise OutputError(
                f"{target.address} holds files that no batch has left there", "give a new folder"
            )
        with target.writing(RECIPE) as path, write_atomically(path) as content:
            content.write(json.dumps(recipe, indent=1).encode())
        return
    try:
        with fetched(target.join(RECIPE)) as file:
            before = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{target.join(RECIPE)} is damaged", "give a new folder") from error
    changed = [key for key in {**before, **recipe} if before.get(key) != recipe.get(key)]
    if changed:
        raise OptionError(
            f"{target.address} was painted with another {' and '.join(changed)}",
            "give the same options to go on there, or a new folder",
        )


@contextmanager
def _session(address: str | None) -> Iterator[None]:
    """Use the Ray that runs already in this process, or connect to one for as long as the block.

    Raises:
        OptionError: no cluster answers.
    """
    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        quiet["include_dashboard"] = False
    try:
        if match := re.fullmatch(r"([^:/]+):(\d+)", address or ""):  # Ray would try for minutes
            host, port = match[1], int(match[2])
            if port > LAST_PORT:  # Python's own check leaves a socket open
                raise ValueError(f"ports end at {LAST_PORT}")
            socket.create_connection((host, port), ANSWER_S).close()
        with _muted():
            ray.init(address=address or "local", **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise OptionError(
            f"no Ray answers at {address or 'this machine'} ({reason})",
            "ray start --head starts one; leave --address out to paint here",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _muted() -> Iterator[None]:
    """Keep Ray's core from telling standard error at which level it tells nothing."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class _Table:
    """The table of results, which is in the target once all is told.

    Args:
        target: where it goes.
        on_failure: told the path of each row that failed, and why.

    Attributes:
        counts: of rows, by their status.
    """

    def __init__(self, target: Place, on_failure: Callable[[str, str], None]) -> None:
        self.counts = {"painted": 0, "skipped": 0, "failed": 0}
        self._target, self._on_failure = target, on_failure
        self._began_s = time.monotonic()
        self._waiting: list[pa.Table] = []
        self._opened = ExitStack()

    def __enter__(self) -> _Table:
        with ExitStack() as stack:
            path = stack.enter_context(self._target.writing(TABLE))
            file = stack.enter_context(write_atomically(path))
            self._writer = stack.enter_context(pq.ParquetWriter(file, RESULTS))
            self._opened = stack.pop_all()
        return self

    def __exit__(self, *raised: Any) -> None:
        if not raised[0]:
            self._write()
        self._opened.__exit__(*raised)

    def take(self, blocks: Iterator[pa.Table], total: int, progress: ProgressListener) -> None:
        """Take rows of `RESULTS` as they come."""
        taken = painted = 0
        for block in blocks:
            for row in block.to_pylist():
                self.counts[row["status"]] += 1
                painted += row["status"] == "painted"
                if row["error"]:
                    self._on_failure(row["path"], row["error"])
            taken += len(block)
            rate = painted / max(1e-9, time.monotonic() - self._began_s)
            progress(Progress("painting", taken, total, {"photos/s": rate}))
            self._waiting.append(block)
            if sum(map(len, self._waiting)) >= TABLE_ROWS:
                self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting = []


def _list(batch: Batch) -> tuple[int, bytes, list[Row]]:
    """Go through the source, once: it may change meanwhile, and take minutes.

    Returns:
        how many photos there are, their `LISTING` as Parquet, which is packed to some bytes for
        each, and the films.
    """
    rows, packed = batch.rows(), pa.BufferOutputStream()
    count, films = 0, []
    with pq.ParquetWriter(packed, LISTING, compression="zstd", use_dictionary=False) as writer:
        while part := list(itertools.islice(rows, TABLE_ROWS)):
            films += [row for row in part if row.is_film]
            photos = [
                {
                    "path": row.path,
                    "output": row.output(batch.options.suffix),
                    "options": json.dumps(row.options),
                }
                for row in part
                if not row.is_film
            ]
            writer.write_table(pa.Table.from_pylist(photos, LISTING))
            count += len(photos)
    return count, packed.getvalue().to_pybytes(), films


def _painted_photos(batch: Batch, listing: bytes) -> Iterator[pa.Table]:
    """Yield rows of `RESULTS` as they are painted."""
    target, options = batch.target, batch.options

    def read(packed: pa.Table) -> Iterator[pa.Table]:
        done = set(target.walk())
        with pq.ParquetFile(pa.BufferReader(packed["listing"][0].as_buffer())) as photos:
            for rows in photos.iter_batches(ROWS_PER_TASK):
                is_done = pa.array([output in done for output in rows["output"].to_pylist()])
                yield pa.Table.from_batches([rows]).append_column("done", is_done)

    _configure()
    # In one place: what is there is listed once, and the driver holds no rows.
    rows = ray.data.from_arrow(pa.table({"listing": [listing]}))
    rows = rows.map_batches(read, batch_format="pyarrow", num_cpus=0)
    rows = rows.repartition(target_num_rows_per_block=ROWS_PER_TASK)
    yield from _mapped(rows, PhotoPainter, (target, options), batch)


def _painted_films(
    batch: Batch, rows: Sequence[Row], progress: ProgressListener
) -> Iterator[pa.Table]:
    """Yield rows of `RESULTS` as films are finished."""
    films: list[Film] = []
    for row in rows:
        job = Job(row.path, row.output())
        try:
            look = batch.options.look.changed(row.options).for_frames()
        except ImpastoError as error:
            yield table_of(Outcome(job, "failed", error=error))
            continue
        if batch.target.holds(job.target):
            yield table_of(Outcome(job, "skipped"))
        else:
            films.append(Film(job, batch.target, look, batch.options.stability))
    if not films:
        return
    pieces, errors = _pieces(batch, films, progress)
    join = ray.remote(num_cpus=0)(_join)
    joining = []
    for number, film in enumerate(films):
        if number in errors:
            yield table_of(Outcome(film.job, "failed", error=ImpastoError(errors[number])))
        else:
            joining.append(join.remote(film, pieces[number]))
    while joining:
        [done], joining = ray.wait(joining, num_returns=1)
        yield table_of(ray.get(done))


def _join(film: Film, pieces: int) -> Outcome:
    try:
        with foreseen():
            return Outcome(film.job, "painted", report=film.join(pieces))
    except ImpastoError as error:
        return Outcome(film.job, "failed", error=error)


def _pieces(
    batch: Batch, films: list[Film], progress: ProgressListener
) -> tuple[Counter[int], dict[int, str]]:
    """Cut films and paint their pieces.

    Returns:
        how many pieces each film has, by its number, and what is wrong with those that failed.
    """
    _configure()
    numbers = ray.data.range(len(films), override_num_blocks=len(films))
    cut = numbers.map_batches(
        FilmCutter(films).__call__,
        batch_format="pyarrow",
        num_cpus=0,
        compute=ray.data.TaskPoolStrategy(size=min(CUTTERS, len(films))),
    )
    cut = cut.repartition(target_num_rows_per_block=1)
    counts: Counter[int] = Counter()
    wanted: dict[int, int] = {}
    errors: dict[int, str] = {}
    frames, began_s = 0, time.monotonic()
    for block in _mapped(cut, FilmPainter, (films, batch.options.cpus), batch):
        for piece in block.to_pylist():
            film = piece["film"]
            counts[film] += 1
            if piece["error"]:
                errors[film] = piece["error"]
            elif piece["end_s"] is None:  # the last one
                wanted[film] = piece["number"] + 1
            frames += piece["frames"] or 0
            rate = frames / max(1e-9, time.monotonic() - began_s)
            done = counts.total()
            progress(Progress("painting films, in pieces", done, done, {"frames/s": rate}))
    for film in range(len(films)):
        if counts[film] != wanted.get(film):
            errors.setdefault(film, "a piece ended each painter that took it")
    return counts, errors


def _mapped(
    blocks: Dataset, kind: type, arguments: tuple[Any, ...], batch: Batch
) -> Iterator[pa.Table]:
    """Yield what a pool of actors makes of blocks, as they are done."""
    with warnings.catch_warnings():
        # Of its own way to say how often to try, Ray says that there will be another one.
        warnings.simplefilter("ignore")
        results = blocks.map_batches(
            kind,
            fn_constructor_args=arguments,
            batch_size=None,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(
                min_size=1, max_size=batch.painters, max_tasks_in_flight_per_actor=2
            ),
            num_cpus=batch.options.cpus,
            max_restarts=-1,
            max_task_retries=TRIES,
        )
    yield from results.iter_batches(batch_size=None, batch_format="pyarrow")


def _configure() -> None:
    """Let Ray Data be quiet, and go on when nodes come and go."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1  # of photos that kill painters: they are missed in the end
    context.max_consecutive_actor_init_deaths = MOST_DEATHS
    for name in ("ray.data", "ray.data.dataset"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
