"""What a batch paints, and the names of its paintings, each a function of its row alone."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import itertools
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import PurePosixPath
from typing import Any

import pyarrow.parquet as pq

from impasto._util.atomic_files import exists
from impasto.cluster.places import Place, fetched, is_address
from impasto.defaults import FILM_SUFFIXES
from impasto.errors import InputError, OptionError
from impasto.images import FORMATS, IMAGE_SUFFIXES
from impasto.options import OF_NO_PHOTO, StylizeOptions
from impasto.styles import StyleRef
from impasto.video.encoding import VIDEO_SUFFIXES

MANIFESTS = (".parquet", ".csv")
OPTIONS = {each.name: each for each in fields(StylizeOptions) if each.name not in OF_NO_PHOTO}
SUFFIXES = IMAGE_SUFFIXES | FILM_SUFFIXES
MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Row:
    """One photo or film to be painted.

    Attributes:
        path: of its file, or address.
        name: of the same below the folder that paintings go to.
        options: of its own, by the names of `StylizeOptions`.
    """

    path: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """The end of the file's name, in small letters, with the dot."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def is_film(self) -> bool:
        """Tell whether it is a film by its name."""
        return self.suffix in FILM_SUFFIXES

    def output(self, suffix: str = "") -> str:
        """Return the painting's name: the photo's, with the style if the row has its own, and a
        mark of the other options that it has.

        Args:
            suffix: of painted photos; if empty, their own. Where a suffix cannot be written, it
                is .jpg, of films .mp4.
        """
        stem, ending = posixpath.splitext(self.name)
        rest = dict(self.options)
        if style := rest.pop("style", ""):
            stem += f"-{StyleRef.parse(style).label}"
        if rest:
            mark = json.dumps(rest, sort_keys=True).encode()
            stem += f"-{hashlib.sha256(mark).hexdigest()[:8]}"
        if self.is_film:
            wanted = self.suffix if self.suffix in VIDEO_SUFFIXES else ".mp4"
        else:
            known = self.suffix.removeprefix(".") in FORMATS
            wanted = suffix or (self.suffix if known else ".jpg")
        return f"{stem}{ending}" if wanted == self.suffix else f"{stem}{ending}{wanted}"


@dataclass(frozen=True)
class Source:
    """A folder (with those below it), a pattern (``trip/**/*.jpg``), a file, or a manifest: Parquet
    or CSV with a column ``path`` and, if wanted, one for any option of `StylizeOptions`.

    Paths in a manifest are addresses, absolute, or relative to its folder. An empty cell is an
    option that is not given.

    Args:
        address: of it; a path or an address.

    Raises:
        InputError: there is no such thing.
        OptionError: a column of the manifest is no option.
    """

    address: str

    def rows(self) -> Iterator[Row]:
        """Yield all rows in order, from one place to the next, holding few of them."""
        if not self.is_manifest:
            yield from self._files()
            return
        place, _, name = Place(self.address).address.rpartition("/")
        with fetched(f"{place}/{name}") as file:
            table = _parquet(file) if self.address.endswith(".parquet") else _csv(file)
            for number, cells in enumerate(table):
                if not number:
                    _check_columns(self.address, list(cells))
                path = str(cells.pop("path") or "")
                if not path:
                    raise InputError(f"{self.address}: row {number + 1} has no path", "give one")
                yield _row(path, place, _given(cells))

    @property
    def is_manifest(self) -> bool:
        """Tell whether it is a file with rows."""
        return self.address.lower().endswith(MANIFESTS)

    def count(self) -> int:
        """Return how many rows there are."""
        return sum(1 for _ in self.rows())

    def _files(self) -> Iterator[Row]:
        folder, _, name = Place(self.address).address.rpartition("/")
        magic = MAGIC.search(self.address) and not exists(self.address)  # what exists is no pattern
        if PurePosixPath(name).suffix.lower() in SUFFIXES and not magic:
            yield Row(f"{folder}/{name}", name)
            return
        parts = self.address.split("/")
        if magic:
            parts = list(itertools.takewhile(lambda part: not MAGIC.search(part), parts))
        plain = "/".join(parts)
        root = Place(plain or ("/" if self.address.startswith("/") else "."))
        pattern = _regular(self.address[len(plain) :].lstrip("/"))
        for name in root.walk():
            if PurePosixPath(name).suffix.lower() in SUFFIXES and pattern.fullmatch(name):
                yield Row(root.join(name), name)


def _parquet(file: Any) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=1000):
                yield from batch.to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"{file} is no Parquet that can be read ({error})", "check it") from error


def _csv(file: Any) -> Iterator[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            yield from csv.DictReader(text, strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{file} is no CSV that can be read ({error})", "check it") from error


def _check_columns(manifest: str, columns: list[str]) -> None:
    """Check that a manifest says nothing that nobody would heed.

    Raises:
        InputError: there are no paths.
        OptionError: a column is no option of paintings.
    """
    if "path" not in columns:
        raise InputError(f"{manifest} has no column 'path'", f"it has {', '.join(columns)}")
    for name in columns:
        if name != "path" and name not in OPTIONS:
            known = ", ".join(OPTIONS)
            raise OptionError(f"{manifest} has an unknown column {name!r}", f"known are {known}")


def _given(cells: dict[str, Any]) -> dict[str, Any]:
    """Return the options that a row has; texts of a CSV become what the options are."""
    given = {name: cell for name, cell in cells.items() if cell not in (None, "")}
    for name, cell in given.items():
        option = OPTIONS[name]
        if isinstance(cell, str) and not isinstance(option.default, str | None):
            with contextlib.suppress(ValueError):  # the option itself will say what is wrong
                given[name] = json.loads(cell if name == "regions" else cell.lower())
    return given


def _row(path: str, place: str, options: dict[str, Any]) -> Row:
    """Return a row of a manifest in a place. A painting lies as its photo does below the manifest's
    folder, or below the root of its file system.
    """
    if not is_address(path):
        path = path.removeprefix("file://")
        whole = path if path.startswith("/") else f"{place}/{path}"
        scheme, mark, rest = whole.rpartition("://")
        path = f"{scheme}{mark}{posixpath.normpath(rest)}"
    name = path.removeprefix(f"{place}/").rpartition("://")[2].lstrip("/")
    return Row(path, name, options)


def _regular(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern of names; of an empty one, that takes all."""
    if not pattern:
        return re.compile(".*", re.DOTALL)
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    regular = [
        meant.get(part, part.replace("[!", "[^") if number % 2 else re.escape(part))
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(regular), re.DOTALL)
