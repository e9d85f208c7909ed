"""Photos through the API are what the library paints; every error is a sentence."""

import io
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from impasto.networks.encoder import write_encoder
from impasto.networks.trunk import random_trunk, write_trunk
from impasto.server.settings import Limits
from impasto.styles import ENCODER_FILE, Gallery, write_style
from impasto.styles.predict import predict_style
from impasto.stylizer import Stylizer
from server.calls import encoded, is_a_sentence, paint, pixels, service_of
from tiny import TINY, picture, tiny_encoder, tiny_gallery, tiny_style


def test_a_painting_is_what_the_library_paints(client: TestClient, gallery_folder: Path) -> None:
    answer = paint(client, style="first", strength="0.8")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    with Stylizer("first", gallery=gallery_folder, strength=0.8) as stylizer:
        assert np.array_equal(pixels(answer.content), stylizer(picture(40, 30)))
    again = paint(client, style="first", strength="0.8")  # by the stylizer that was kept
    assert again.content == answer.content


def test_exif_profile_and_format_are_kept(client: TestClient) -> None:
    image = Image.fromarray(picture(40, 30))
    exif = image.getexif()
    exif[0x010F] = "A camera"
    stream = io.BytesIO()
    profile = b"\0" * 36 + b"acsp" + b"\0" * 88  # no profile that can be used
    image.save(stream, "JPEG", exif=exif, icc_profile=profile)
    answer = paint(client, stream.getvalue(), style="first")
    painted = Image.open(io.BytesIO(answer.content))
    assert (painted.format, painted.getexif()[0x010F]) == ("JPEG", "A camera")
    webp = paint(client, style="first", format="webp", longer_px="20", file_quality="50")
    painted = Image.open(io.BytesIO(webp.content))
    assert (webp.headers["content-type"], painted.format) == ("image/webp", "WEBP")
    assert painted.size == (20, 15)


def test_uploads_are_masks_palettes_and_paintings(
    client: TestClient, serve: Callable[..., TestClient], tmp_path: Path
) -> None:
    mask = np.zeros((30, 40), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    uploads = {"mask": ("m.png", stream.getvalue()), "palette": ("p.png", encoded(seed=3))}
    answer = paint(client, files=uploads, style="first+second:0.5", seed="4")
    assert np.array_equal(pixels(answer.content), picture(40, 30))  # nothing is to be painted
    trunk = random_trunk(TINY)
    folder = tiny_gallery(tmp_path / "with-encoder", trunk=trunk).folder
    write_encoder(folder / ENCODER_FILE, tiny_encoder(trunk))
    painting = encoded(80, 70, seed=9)
    open_server = serve(gallery_folder=str(folder), folder=tmp_path / "other")
    answer = paint(open_server, files={"painting": ("cow.png", painting)})
    assert answer.status_code == 200, answer.text
    style = predict_style(painting, gallery=folder)
    with Stylizer(style, gallery=folder) as stylizer:
        assert np.array_equal(pixels(answer.content), stylizer(picture(40, 30)))


@pytest.mark.parametrize(
    "fields",
    [
        {"style": "third"},
        {"style": "../../etc/passwd"},
        {"style": "first:x"},
        {"style": "photo.png"},
        {"style": "first+"},
        {"style": "the_scream.t7"},
        {"style": ["first", "second"]},
        {"strength": "nan"},
        {"strength": "2"},
        {"stroke": "wide"},
        {"seed": "-1"},
        {"mask": "/etc/hostname"},
        {"palette": "/etc/hostname"},
        {"regions": "/tmp/mask.png:first"},
        {"regions": "rest:/tmp/cow.jpg"},
        {"subject": "1,2"},
        {"gallery": "/tmp"},
        {"quality": "best"},
        {"quality": "fine"},
        {"engine": "abacus"},
        {"invert_mask": "perhaps"},
        {"format": "exe"},
        {"format": "../x.png"},
        {"longer_px": "0"},
        {"stability": "0.5"},
        {"photo": "photo.png"},
    ],
)
def test_impossible_fields(client: TestClient, fields: dict[str, Any]) -> None:
    answer = paint(client, **{"style": "first", **fields})
    assert is_a_sentence(answer), answer.text


def test_a_photo_is_demanded(client: TestClient) -> None:
    empty = client.post("/v1/paint", files={"palette": ("p.png", encoded())})
    assert empty.json() == {"error": "there is no photo: upload it as the field photo"}
    bodies: list[dict[str, Any]] = [{"json": {}}, {"content": b""}, {"data": {"style": "first"}}]
    for body in bodies:
        assert client.post("/v1/paint", **body).status_code == 415


def test_style_files_only_where_they_are_allowed(
    serve: Callable[..., TestClient], client: TestClient, gallery_folder: Path, tmp_path: Path
) -> None:
    trunk = Gallery(gallery_folder).trunk
    write_style(tmp_path / "own.style", tiny_style(trunk, "own", 7))
    upload = {"style_file": ("own.style", (tmp_path / "own.style").read_bytes())}
    assert is_a_sentence(refused := paint(client, files=upload))
    assert "--allow-uploads" in refused.text
    allowed = serve(uploads=True, folder=tmp_path / "other")
    answer = paint(allowed, files=upload)
    with Stylizer(str(tmp_path / "own.style"), gallery=gallery_folder) as stylizer:
        assert np.array_equal(pixels(answer.content), stylizer(picture(40, 30)))
    for name in ("own.exe", "../own.style/", "own.t7", ""):
        assert is_a_sentence(paint(allowed, files={"style_file": (name or "x", b"no network")}))
    assert str(tmp_path) not in paint(allowed, files={"style_file": ("a.t7", b"no network")}).text
    write_trunk(tmp_path / "x.style", trunk)  # a file of another kind
    upload = {"style_file": ("x.style", (tmp_path / "x.style").read_bytes())}
    assert is_a_sentence(paint(allowed, files=upload))


def test_styles_with_thumbnails(
    client: TestClient, gallery_folder: Path, serve: Callable[..., TestClient], tmp_path: Path
) -> None:
    listed = client.get("/v1/styles").json()["styles"]
    assert [each["name"] for each in listed] == ["first", "second"]
    assert listed[0]["title"] == "Painting 0"
    assert listed[0]["thumbnail"] is None
    trunk = random_trunk(TINY)
    folder = tiny_gallery(tmp_path / "gallery", trunk=trunk).folder
    small = replace(tiny_style(trunk, "third", 3), thumbnail=encoded(file_format="jpg"))
    write_style(folder / "third.style", small)
    other = serve(gallery_folder=str(folder), folder=tmp_path / "other")
    address = other.get("/v1/styles").json()["styles"][2]["thumbnail"]
    shown = other.get(address)
    assert (shown.headers["content-type"], shown.content) == ("image/jpeg", small.thumbnail)
    for name in ("fourth", "..%2f..%2fetc%2fpasswd"):
        assert is_a_sentence(other.get(f"/v1/styles/{name}/thumbnail"))


def test_health_and_figures(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    paint(client, style="first")
    figures = client.get("/metrics").text
    assert 'impasto_http_requests_total{route="/v1/paint",status="200"} 1.0' in figures
    assert "impasto_paint_places 0.0" in figures
    assert 'impasto_jobs{state="queued"} 0.0' in figures


def test_the_openapi_document_has_every_option(client: TestClient) -> None:
    document = client.get("/v1/openapi.json").json()
    form = document["paths"]["/v1/paint"]["post"]["requestBody"]["content"]["multipart/form-data"]
    fields = form["schema"]["properties"]
    assert fields["strength"] == {
        "type": "number",
        "description": "0 is the photo, 1 the painting, up to 1.5 exaggerates.",
        "minimum": 0,
        "maximum": 1.5,
    }
    assert fields["photo"]["format"] == "binary"
    assert {"style", "mask", "regions", "format"} <= set(fields)
    assert "gallery" not in fields


@pytest.mark.parametrize("path", ["/", "/v2/styles", "/v1/jobs/none", "/docs", "/../etc/passwd"])
def test_what_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, list(answer.json())) == (404, ["error"])
    assert client.post("/v1/styles").status_code == 405


def test_jobs_are_uploaded_few_at_a_time(client: TestClient) -> None:
    with ExitStack() as opened:
        for _ in range(4):
            opened.enter_context(service_of(client).uploads.place(1))
        answer = client.post("/v1/jobs", data={"kind": "video"}, files={"video": ("x", b"x")})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")


def test_a_full_line_says_when_to_come_back(serve: Callable[..., TestClient]) -> None:
    client = serve(painters=1, limits=Limits(waiting=0))
    painters = service_of(client).painters
    with painters.place():
        answer = paint(client, style="first")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert re.fullmatch(r"busy: come back in \d+ s", answer.json()["error"])
    assert paint(client, style="first").status_code == 200
