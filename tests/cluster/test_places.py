from pathlib import Path
from typing import Any

import pytest

from impasto.cluster.places import Place, fetched
from impasto.errors import InputError, OptionError, OutputError


@pytest.fixture(params=["", "file://", "local://"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The same folder as a path, and by fsspec, as one on another machine is reached."""
    return Place(f"{request.param}{tmp_path}/paintings")


def write(place: Any, name: str, content: bytes) -> None:
    with place.writing(name) as path:
        path.write_bytes(content)


def test_what_is_written_is_there(place: Place, tmp_path: Path) -> None:
    assert list(place.walk()) == []
    write(place, "b/1.jpg", b"one")
    write(place, "a.jpg", b"two")
    write(place, ".pieces/1.nut", b"hidden")
    assert list(place.walk()) == ["a.jpg", "b/1.jpg"]
    assert place.holds("b/1.jpg")
    assert not place.holds("b/2.jpg")
    assert (tmp_path / "paintings/b/1.jpg").read_bytes() == b"one"
    with fetched(place.join("b/1.jpg")) as path:
        assert path.read_bytes() == b"one"
    write(place, "a.jpg", b"three")
    assert sorted(each.name for each in (tmp_path / "paintings").iterdir()) == [
        ".pieces", "a.jpg", "b"
    ]  # fmt: skip
    Place(place.join("b")).remove()
    assert list(place.walk()) == ["a.jpg"]


def test_links_in_circles_are_passed_by(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.jpg").touch()
    (tmp_path / "a/up").symlink_to(tmp_path, target_is_directory=True)
    assert [name for name in Place(str(tmp_path)).walk() if name.endswith(".jpg")] == ["a/1.jpg"]


def test_a_block_that_fails_writes_nothing(tmp_path: Path) -> None:
    place = Place(f"local://{tmp_path}/paintings")

    def fail() -> None:
        with place.writing("a.jpg") as path:
            path.write_bytes(b"half")
            raise OutputError("no")

    with pytest.raises(OutputError):
        fail()
    assert list(place.walk()) == []


def test_errors_name_the_address(tmp_path: Path) -> None:
    address = f"local://{tmp_path}/1.jpg"
    with pytest.raises(InputError, match=r"local://.*1\.jpg cannot be read"), fetched(address):
        pass
    (tmp_path / "1.jpg").touch()
    with pytest.raises(InputError, match=f"^{address} is empty"), fetched(address) as path:
        raise InputError(f"{path} is empty")
    with pytest.raises(OptionError, match="nowhere://"):
        Place("nowhere://bucket/x")


def test_a_bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        import boto3

        boto3.client("s3").create_bucket(Bucket="paintings")
        place = Place("s3://paintings/run")
        assert list(place.walk()) == []
        write(place, "b/1.jpg", b"one")
        assert list(place.walk()) == ["b/1.jpg"]
        with fetched("s3://paintings/run/b/1.jpg") as path:
            assert path.read_bytes() == b"one"
        with (
            pytest.raises(InputError, match=r"2\.jpg cannot be read"),
            fetched(place.join("2.jpg")),
        ):
            pass
        place.remove()
        assert not place.holds("b/1.jpg")
    finally:
        server.stop()
