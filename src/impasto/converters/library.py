"""Networks by the names of their files: converted once, kept, and found again.

What was converted lies in the user's cache folder, under the hash of its content. What
``impasto convert`` installed lies in the user's data folder, under the name of its file, and is
found by that name when no file of that name is at hand.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from impasto._util.atomic_files import (
    exists,
    make_folder,
    user_cache_folder,
    user_data_folder,
    write_atomically,
)
from impasto.converters.conventions import Convention
from impasto.converters.convert import ConvertedNetwork, convert_network
from impasto.errors import InputError, OptionError, OutputError
from impasto.networks.input_spec import BakedNetwork, read_input_spec
from impasto.networks.network_files import NETWORK_SUFFIXES, read_content, split_network

CONVERTER = "2"  # in the name of what is cached: to be changed with the graphs that we make


def load_network(style: str) -> BakedNetwork:
    """Return the network that a style names: ``FILE``, ``FILE#CHOICE``, or what was installed from
    it.

    Raises:
        OptionError: it is a mixture with such a file, or the choice does not fit.
        InputError: there is no such file, or it is no style network.
        MissingExtraError: a ``.pth`` file needs torch.
    """
    path, choice = split_network(style)
    if not exists(path):
        return _load_installed(style)
    content = read_content(path)
    digest = hashlib.sha256(content)
    if choice is not None and Path(choice).suffix:
        digest.update(read_content(Path(choice)))
    digest.update(f"{path.suffix.lower()} {choice} {CONVERTER}".encode())
    cached = user_cache_folder() / "networks" / f"{digest.hexdigest()[:40]}.onnx"
    with contextlib.suppress(InputError):  # it is not there, or damaged: made anew
        return _read_ours(cached)
    network = convert_network(style)
    with contextlib.suppress(OutputError):  # a full disk, a home that cannot be written
        make_folder(cached.parent)
        with write_atomically(cached) as file:
            file.write(network.to_file())
    return network.baked


def install_network(
    style: str, *, convention: Convention | None = None, overwrite: bool = False
) -> ConvertedNetwork:
    """Convert a network, and keep it under its file's name for `load_network`.

    Raises:
        OutputError: another of that name is installed and shall not be replaced, or the user's
            data folder cannot be written.
        InputError, OptionError, MissingExtraError: see `convert_network`.
    """
    network = convert_network(style, convention)
    target = _installed_path(style)
    content = network.to_file()
    if target.exists() and not overwrite and target.read_bytes() != content:
        raise OutputError(
            f"another {target.stem} is installed", "give --overwrite, or rename the file"
        )
    make_folder(target.parent)
    with write_atomically(target) as file:
        file.write(content)
    return network


def installed_networks() -> list[str]:
    """Return the styles that `install_network` keeps, by name."""
    return sorted(path.stem for path in _installed_folder().glob("*.onnx"))


def _load_installed(style: str) -> BakedNetwork:
    target = _installed_path(style)
    if exists(target):
        return _read_ours(target)
    path, _ = split_network(style)
    if "+" in style or path.suffix.lower() not in NETWORK_SUFFIXES:
        raise OptionError(
            f"{style!r} is no file, and a network of its own takes neither weight nor company",
            "give the file alone; only styles of one gallery can be mixed",
        )
    raise InputError(
        f"{path} does not exist, and no network of that name is installed", "check the name"
    )


def _read_ours(path: Path) -> BakedNetwork:
    """Return a file that we wrote ourselves."""
    content = read_content(path)
    try:
        input_spec = read_input_spec(onnx.load_from_string(content), str(path))
    except DecodeError as error:
        raise InputError(f"{path} is damaged", "remove it") from error
    if input_spec is None:
        raise InputError(f"{path} is damaged", "remove it")
    return BakedNetwork(content, input_spec)


def _installed_path(style: str) -> Path:
    path, choice = split_network(style)
    name = path.name if choice is None else f"{path.name}#{Path(choice).name}"
    return _installed_folder() / f"{name}.onnx"


def _installed_folder() -> Path:
    return user_data_folder() / "networks"
