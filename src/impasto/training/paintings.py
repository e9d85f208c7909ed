"""The paintings of a training run: a folder of pictures, or a JSON list with credits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from impasto.errors import InputError
from impasto.images import find_images, is_image
from impasto.styles.style import PAINTING_PX, StyleCard, check_name
from impasto.training.grading import NO_GRADE, Grade

Entry = TypeVar("Entry")

NO_CREDIT = ("name", "share", "size", "grade")


@dataclass(frozen=True)
class Painting:
    """A picture to learn from.

    Attributes:
        share: how often it is painted in training, relative to the others.
        size_px: the shorter side at which it is looked at: larger gives larger strokes.
        grade: what brightens a dull reproduction.
    """

    path: Path
    card: StyleCard
    share: float = 1.0
    size_px: int = PAINTING_PX
    grade: Grade = NO_GRADE


def read_paintings(
    source: Path, folder: Path | None = None, size_px: int = PAINTING_PX
) -> dict[str, Painting]:
    """Return the paintings to train on, by style name.

    Args:
        source: a picture; or a folder, whose every picture is a style named after its file; or a
            JSON file, a list of objects with ``name`` and ``painting`` (a file name) and, if
            wanted, ``title``, ``artist``, ``year``, ``licence``, ``share`` (a number), ``size``
            (pixels) and ``grade`` (an object with the attributes of `Grade`).
        folder: where the JSON file's paintings are; its own folder if not given.
        size_px: of those paintings that have none of their own.

    Raises:
        InputError: something is missing, or the JSON file is not such a list.
    """
    if source.suffix.lower() == ".json":
        return _read_list(source, folder or source.parent, size_px)
    if source.is_dir():
        paths = find_images(source, "paintings")
    elif source.is_file():
        paths = [source]
    else:
        raise InputError(f"{source} does not exist", "give a painting, a folder or a JSON list")
    paintings: dict[str, Painting] = {}
    for path in paths:
        name = check_name(path.stem)
        if name in paintings:
            raise InputError(
                f"{path} and {paintings[name].path} make the same style name", "rename one"
            )
        card = StyleCard(title=path.stem, painting=path.name)
        paintings[name] = Painting(path, card, size_px=size_px)
    return paintings


def read_entries(source: Path, read: Callable[[dict[str, Any]], Entry]) -> list[Entry]:
    """Return what is read of each entry of a JSON list of paintings.

    Raises:
        InputError: it cannot be read, or is no such list.
    """
    try:
        return [read(entry) for entry in json.loads(source.read_text(encoding="utf-8"))]
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror})", "check the name") from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{source} is not a list of paintings ({error})",
            'write [{"name": "great-wave", "painting": "wave.jpg"}, ...]',
        ) from error


def find_painting(card: StyleCard, name: str, folder: Path) -> Path:
    """Return the file of a style's painting: by the name on its card, else by the style's own name.

    Raises:
        InputError: neither is in the folder.
    """
    if card.painting and (folder / Path(card.painting).name).is_file():
        return folder / Path(card.painting).name
    if found := sorted(filter(is_image, folder.glob(f"{name}.*"))):
        return found[0]
    raise InputError(
        f"{folder} has no painting for {name}", f"put {card.painting or name + '.jpg'} there"
    )


def _read_list(source: Path, folder: Path, size_px: int) -> dict[str, Painting]:
    def named(entry: dict[str, Any]) -> tuple[str, Painting]:
        return check_name(entry["name"]), _painting(entry, folder, size_px)

    paintings = dict(read_entries(source, named))
    if not paintings:
        raise InputError(f"{source} lists no paintings", "list at least one")
    for name, painting in paintings.items():
        if not painting.path.is_file():
            raise InputError(f"{painting.path} of style {name} does not exist", "check the folder")
    return paintings


def _painting(entry: dict[str, Any], folder: Path, size_px: int) -> Painting:
    fields = {key: str(value) for key, value in entry.items() if key not in NO_CREDIT}
    return Painting(
        folder / fields["painting"],
        StyleCard(**fields),
        float(entry.get("share", 1.0)),
        int(entry.get("size", size_px)),
        Grade(**entry.get("grade", {})),
    )
