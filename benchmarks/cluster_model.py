"""How long a cluster takes for photos, and what it waits for: a simulation, checked by measurement.

    python benchmarks/cluster_model.py check RUNS.jsonl
    python benchmarks/cluster_model.py table [--cpu-s SECONDS] [--dollars PER_CORE_HOUR]

``check`` takes lines of `benchmarks/cluster_runs.py efficiency`: the first one says how long a
photo and a start take; all others are predicted, and must be as measured within 20 %.
``table`` asks about clusters that nobody has measured here.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 0.2


@dataclass(frozen=True)
class Cluster:
    """What a run takes.

    Attributes:
        painters: on a core each.
        painters_per_node: they share the node's network.
        paint_s: of one photo on a core, with reading and writing its file.
        start_s: until the first painter has its first row.
        hand_out_s: the driver's work for one task, which it does one by one.
        rows_per_task: photos in it.
        photo_bytes: read and written for each photo.
        node_bytes_s: of a node's network.
        store_bytes_s: of the object store or file server, in all.
        store_requests_s: the same: a read and a write a photo.
    """

    painters: int
    paint_s: float
    start_s: float
    painters_per_node: int = 64
    hand_out_s: float = 0.009
    rows_per_task: int = 16
    photo_bytes: int = 1_000_000
    node_bytes_s: float = 1.5e9
    store_bytes_s: float = 1e11
    store_requests_s: float = 5_500.0 * 16

    def task_s(self, rows: int) -> float:
        """Return how long a painter has a task: its own work, or its share of network and store,
        whichever takes longer, for one goes on beside the other.
        """
        network = self.photo_bytes * min(self.painters, self.painters_per_node) / self.node_bytes_s
        store = self.painters * max(
            self.photo_bytes / self.store_bytes_s, 2 / self.store_requests_s
        )
        return rows * max(self.paint_s, network, store)


def simulate(cluster: Cluster, photos: int) -> tuple[float, float]:
    """Return the seconds of a run, and photos a second once all painters are at work.

    The driver hands out tasks one by one, before they are needed; a painter that is free takes the
    next one.
    """
    free = [cluster.start_s] * cluster.painters
    handed_s, ends = cluster.start_s, []
    for first in range(0, photos, cluster.rows_per_task):
        rows = min(cluster.rows_per_task, photos - first)
        handed_s += cluster.hand_out_s
        ends.append(max(handed_s, heapq.heappop(free)) + cluster.task_s(rows))
        heapq.heappush(free, ends[-1])
    ends.sort()
    steady = ends[cluster.painters - 1 : 1 - cluster.painters or None]
    if len(steady) < 2:
        return ends[-1], photos / (ends[-1] - cluster.start_s)
    rate = cluster.rows_per_task * (len(steady) - 1) / (steady[-1] - steady[0])
    return ends[-1], rate


def check(runs: list[dict[str, float]]) -> bool:
    """Predict all runs but the first, from the first; tell whether all are within the tolerance."""
    first = runs[0]
    cpu_s = 1 / first["cluster photos/s"] * first["painters"]
    right = True
    for run in runs[1:]:
        # A photo of another size takes as much longer as it does in a plain process.
        factor = run["CPU s a photo"] / first["CPU s a photo"]
        cluster = Cluster(
            painters=int(run["painters"]),
            paint_s=cpu_s * factor,
            start_s=first["first task s"] - first["rows a task"] * cpu_s,
            rows_per_task=int(run["rows a task"]),
        )
        seconds, rate = simulate(cluster, int(run["photos"]))
        for what, predicted, measured in (
            ("photos/s", rate, run["cluster photos/s"]),
            ("s in all", seconds, run["whole run s"]),
        ):
            apart = predicted / measured - 1
            right &= abs(apart) <= TOLERANCE
            print(
                f"{run['size']}, {run['painters']} painters: {predicted:.3g} {what}, "
                f"measured {measured:.3g} ({apart:+.0%})"
            )
    return right


def table(cpu_s: float, dollars: float) -> None:
    """Print what clusters take for a million and a billion photos, and what they wait for."""
    print("| cores | photos/s | waits for | a million | a billion | cost of a million |")
    print("|---|---|---|---|---|---|")
    for painters in (16, 64, 640, 6_400, 64_000):
        cluster = Cluster(painters=painters, paint_s=cpu_s, start_s=60)
        _, rate = simulate(cluster, painters * cluster.rows_per_task * 20)
        limits = {
            "painting": painters / cpu_s,
            "the driver": cluster.rows_per_task / cluster.hand_out_s,
            "the nodes' network": painters
            / cluster.painters_per_node
            * cluster.node_bytes_s
            / cluster.photo_bytes,
            "the store": min(
                cluster.store_bytes_s / cluster.photo_bytes, cluster.store_requests_s / 2
            ),
        }
        waits = min(limits, key=lambda each: limits[each])
        hours = [photos / rate / 3600 for photos in (1e6, 1e9)]
        cost = hours[0] * painters * dollars
        print(
            f"| {painters:,} | {rate:,.0f} | {waits} | {hours[0]:,.1f} h | {hours[1]:,.0f} h "
            f"| {cost:,.0f} $ |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["check", "table"])
    parser.add_argument("runs", nargs="?", type=Path)
    parser.add_argument("--cpu-s", type=float, default=1.0, help="of a photo on a core")
    parser.add_argument("--dollars", type=float, default=0.04, help="of a core, an hour")
    options = parser.parse_args()
    if options.what == "table":
        table(options.cpu_s, options.dollars)
    elif not check([json.loads(line) for line in options.runs.read_text().splitlines()]):
        sys.exit("the model is further off than 20 %")


if __name__ == "__main__":
    main()
