"""Jobs: what takes minutes. They are kept in SQLite and a folder each, and outlive the server.

A job's work runs in a process of its own (`impasto.server.work`), which ends when the server ends,
however that happens; the next server starts it again, and it goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from impasto._util.atomic_files import clear_abandoned, lock_folder, make_folder
from impasto._util.closeable import Closing
from impasto.errors import InputError, OutputError
from impasto.server.painters import BusyError

State = Literal["queued", "running", "done", "failed"]
COLUMNS = "id, kind, state, created_s, ended_s, task, done, total, result, error"
TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, created_s REAL NOT NULL,
    ended_s REAL, task TEXT NOT NULL, done REAL NOT NULL, total REAL NOT NULL,
    result TEXT NOT NULL, error TEXT NOT NULL)"""
REQUEST, RUN = "request.json", "run"
HOUR_S = 3600.0
CLEAN_EVERY_S = 60.0
BUSY_S = 60.0


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        id: by which it is asked for.
        kind: ``video``, ``learn`` or ``best``.
        state: ``queued``, ``running``, ``done`` or ``failed``.
        created_s, ended_s: in seconds since 1970.
        task: what is being done.
        done, total: steps of it.
        result: the name of its file in the job's folder.
        error: why it failed, in a sentence.
    """

    id: str
    kind: str
    state: State = "queued"
    created_s: float = 0.0
    ended_s: float | None = None
    task: str = ""
    done: float = 0.0
    total: float = 0.0
    result: str = ""
    error: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("done", "failed")

    def shown(self, seconds_left: float | None = None) -> dict[str, Any]:
        """Return what clients see of it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "task": self.task,
            "progress": 1.0 if self.state == "done" else self.done / (self.total or 1.0),
            "seconds_left": None if seconds_left is None else round(seconds_left),
            "created": datetime.fromtimestamp(self.created_s, timezone.utc).isoformat(),
            "error": self.error,
        }


class Jobs(Closing):
    """The jobs of a folder, which nobody else works in until this is closed.

    Args:
        folder: is made if need be.
        waiting: jobs that may wait.

    Raises:
        OutputError: another server works in it, or it cannot be written.
    """

    def __init__(self, folder: Path, waiting: int = 100) -> None:
        self.folder, self._waiting = folder, waiting
        lock = lock_folder(folder)
        if lock is None:
            raise OutputError(f"another server works in {folder}", "give this one another --folder")
        self._lock = lock
        try:
            self._database = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(TABLE)
            self._database.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'")
            self._database.commit()
        except sqlite3.Error as error:
            lock.close()
            raise OutputError(f"{folder} holds no jobs ({error})", "give another folder") from error
        self._clear()

    def _clear(self) -> None:
        """Delete what a killed server was just writing."""
        known = {job.id for job in self.all()}
        make_folder(self.folder / "jobs")
        for folder in (self.folder / "jobs").iterdir():
            if folder.name in known:
                clear_abandoned(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def folder_of(self, job: Job) -> Path:
        """Return where a job's files are."""
        return self.folder / "jobs" / job.id

    def preview(self, job: Job) -> Path | None:
        """Return the last picture of what a job has made so far, if there is one."""
        return max((self.folder_of(job) / RUN).glob("preview-*.jpg"), default=None)

    def add(self, kind: str, request: Mapping[str, Any], files: Mapping[str, Path]) -> Job:
        """Take a job on.

        Args:
            kind: see `Job`.
            request: what `impasto.server.work` needs to know beside it.
            files: what was uploaded, by the names that it has from now on; they are moved.

        Raises:
            BusyError: too many wait.
            OutputError: the folder cannot be written.
        """
        if len([job for job in self.all() if not job.has_ended]) >= self._waiting:
            raise BusyError(BUSY_S)
        job = Job(secrets.token_hex(16), kind, created_s=time.time())
        folder = self.folder_of(job)
        make_folder(folder)
        try:
            for name, path in files.items():
                shutil.move(path, folder / name)
            (folder / REQUEST).write_text(json.dumps({**request, "kind": kind}), encoding="utf-8")
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise OutputError(f"the disk takes no more ({error.strerror})", "make room") from error
        self._write(job)
        return job

    def _write(self, job: Job) -> None:
        places = ", ".join("?" * len(asdict(job)))
        with self._database:
            self._database.execute(
                f"INSERT OR REPLACE INTO jobs ({COLUMNS}) VALUES ({places})",
                tuple(asdict(job).values()),
            )

    def update(self, job: Job, **changes: Any) -> Job | None:
        """Write changes of a job down; None if it was removed meanwhile."""
        if self.find(job.id) is None:
            return None
        job = replace(job, **changes)
        self._write(job)
        return job

    def find(self, identity: str) -> Job | None:
        """Return the job of that id, if there is one."""
        query = f"SELECT {COLUMNS} FROM jobs WHERE id = ?"
        row = self._database.execute(query, (identity,)).fetchone()
        return Job(*row) if row else None

    def all(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        query = f"SELECT {COLUMNS} FROM jobs ORDER BY created_s"
        return [Job(*row) for row in self._database.execute(query)]

    def remove(self, job: Job) -> None:
        """Forget a job, and delete its files."""
        with self._database:
            self._database.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        shutil.rmtree(self.folder_of(job), ignore_errors=True)

    def remove_older(self, hours: float) -> None:
        """Forget the jobs that ended so long ago."""
        for job in self.all():
            if job.ended_s is not None and time.time() - job.ended_s > hours * HOUR_S:
                self.remove(job)

    def close(self) -> None:
        """Let others work in the folder."""
        self._database.close()
        self._lock.close()


class Runner:
    """Runs jobs, the oldest first, as long as `running` lasts.

    Args:
        jobs: see `Jobs`.
        at_once: how many run at a time.
        keep_hours: how long those that ended stay.
    """

    def __init__(self, jobs: Jobs, at_once: int, keep_hours: float) -> None:
        self._jobs, self._at_once, self._keep_hours = jobs, at_once, keep_hours
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._rates: dict[str, float] = {}
        self._new = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run jobs during the block; at its end, those under way stop, to go on another time."""
        tasks = [asyncio.create_task(self._serve()) for _ in range(self._at_once)]
        tasks.append(asyncio.create_task(self._clean()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def wake(self) -> None:
        """Tell that there is a new job."""
        async with self._new:
            self._new.notify_all()

    def seconds_left(self, job: Job) -> float | None:
        """Return how long a job that runs may take, once that can be told."""
        rate = self._rates.get(job.id)
        return (job.total - job.done) / rate if rate and job.state == "running" else None

    async def remove(self, job: Job) -> None:
        """Stop a job if it runs, and forget it."""
        if process := self._processes.get(job.id):
            _kill(process)
            await process.wait()
        self._jobs.remove(job)

    async def _clean(self) -> None:
        while True:
            self._jobs.remove_older(self._keep_hours)
            await asyncio.sleep(CLEAN_EVERY_S)

    async def _serve(self) -> None:
        while True:
            try:
                await self._run_next()
            except Exception:  # the disk is full, say: the other jobs shall not wait for ever
                logging.getLogger(__name__).exception("a job could not be run")
                await asyncio.sleep(1)

    async def _run_next(self) -> None:
        waiting = (job for job in self._jobs.all() if job.state == "queued")
        if job := next(waiting, None):
            if job := self._jobs.update(job, state="running", task="starting"):
                await self._run(job)
            return
        async with self._new:
            with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
                await asyncio.wait_for(self._new.wait(), CLEAN_EVERY_S)

    async def _run(self, job: Job) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "impasto.server.work", str(self._jobs.folder_of(job))),
            stdin=asyncio.subprocess.PIPE,  # never written: its end tells of the server's
            stdout=asyncio.subprocess.PIPE,
        )
        self._processes[job.id] = process
        assert process.stdout
        ending: dict[str, Any] = {}
        current: Job | None = job
        try:
            for_rate: tuple[float, float, str] | None = None
            async for line in process.stdout:
                try:
                    event = json.loads(line)
                except ValueError:  # the last one of a process that was killed
                    continue
                if "task" not in event:
                    ending = event
                    continue
                now = time.monotonic()
                if for_rate is None or event["task"] != for_rate[2]:
                    for_rate = now, event["done"], event["task"]
                elif now > for_rate[0]:
                    self._rates[job.id] = (event["done"] - for_rate[1]) / (now - for_rate[0])
                current = current and self._jobs.update(current, **event)
            code = await process.wait()
        finally:
            _kill(process)
            await process.wait()
            del self._processes[job.id]
            self._rates.pop(job.id, None)
        if not ending:
            ending = {"error": f"the work ended before it was done ({_signal(code)})"}
        if current:
            state = "failed" if "error" in ending else "done"
            self._jobs.update(current, state=state, ended_s=time.time(), **ending)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _signal(code: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"


def read_request(folder: Path) -> dict[str, Any]:
    """Return what a job was taken on with.

    Raises:
        InputError: it is damaged.
    """
    try:
        content: dict[str, Any] = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("the job is damaged", "send it anew") from error
    return content
