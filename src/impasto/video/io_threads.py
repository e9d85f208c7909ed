"""Writing in a thread of its own, so that it overlaps with painting."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from impasto._util.arrays import Pixels
from impasto.video.encoding import Encoding, SegmentWriter
from impasto.video.resume_state import Job, Segment
from impasto.video.source import VideoInfo
from impasto.video.temporal_consistency import StrokeMemory

QUEUED_FRAMES = 4  # between two threads: enough to overlap, too few for memory to matter
SEGMENT_FRAMES = 240


@dataclass(frozen=True, eq=False)
class PaintedFrame:
    """A frame to be written, and what the painter remembered after it."""

    pixels: Pixels
    alpha: Pixels | None
    pts: int
    memory: StrokeMemory | None


@contextmanager
def write_behind(
    job: Job, info: VideoInfo, encoding: Encoding
) -> Iterator[Callable[[PaintedFrame], None]]:
    """Encode in another thread, a few frames behind, segment by segment.

    When the block ends, in whatever way, the frames that were given are written, and the last
    segment is finished and counts.
    """
    behind: queue.Queue[PaintedFrame | None] = queue.Queue(QUEUED_FRAMES)
    failures: list[BaseException] = []

    def write_all() -> None:
        writer: SegmentWriter | None = None
        memory: StrokeMemory | None = None
        items = iter(behind.get, None)
        try:
            for item in items:
                writer = writer or SegmentWriter(job.next_path(), info, encoding)
                writer.write(item.pixels, item.pts, item.alpha)
                memory = item.memory
                if writer.frames == SEGMENT_FRAMES:
                    _finish(writer, job, memory)
                    writer = None
            if writer:
                _finish(writer, job, memory)
        except BaseException as error:
            failures.append(error)
            for _ in items:  # whoever gives frames must not wait for ever
                pass

    def give(painted: PaintedFrame) -> None:
        if failures:
            raise failures[0]
        behind.put(painted)

    thread = threading.Thread(target=write_all, name="impasto-write", daemon=True)
    thread.start()
    try:
        yield give
    finally:
        behind.put(None)
        thread.join()
    if failures:
        raise failures[0]


def _finish(writer: SegmentWriter, job: Job, memory: StrokeMemory | None) -> None:
    writer.close()
    segment = Segment(writer.path.name, writer.frames, writer.last_pts)
    job.add(segment, memory.arrays() if memory else {})
