"""Defaults of options that users choose: a file, and variables of the environment over it.

The keys of the file are the names of options, with ``_`` for ``-``. What is in a table that is
called like a command is for that one alone::

    style = "great-wave"
    engine = "openvino"

    [video]
    crf = 18

So are the names of variables, in capitals: ``IMPASTO_STYLE=udnie``. A preset is stronger than both,
and the command line is stronger than all.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from impasto._util.atomic_files import read_toml, user_config_folder
from impasto.errors import OptionError

CONFIGURED = ("stylize", "video", "live")
"""Commands whose options have such defaults."""


class ConfiguredCommand(TyperCommand):
    """A command whose options have such defaults."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error about an option's value says where that comes from."""
        try:
            return super().invoke(ctx)
        except OptionError as error:
            named = error.problem.split()[0].removeprefix("--").replace("-", "_")
            option = _options(self).get(named)
            source = option and ctx.get_parameter_source(option.name)
            if not source or source.name != "DEFAULT_MAP":
                raise
            variable = _variable(named)
            origin = variable if os.environ.get(variable) else config_file()
            raise OptionError(f"{origin}: {error.problem}", error.remedy) from error


def config_file() -> Path:
    """Return where a user's defaults are; it need not exist."""
    return user_config_folder() / "config.toml"


def read_defaults(context: Any, commands: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what users want a command's options to be by default.

    Returns:
        values by the names of parameters, for Typer's ``default_map``.

    Raises:
        InputError: the file cannot be read, or is no TOML.
        OptionError: it has an unknown key, or an option does not take a value.
    """
    options = {each: _options(commands[each]) for each in CONFIGURED}
    path = config_file()
    shared = read_toml(path, "a configuration") if path.exists() else {}
    tables = {each: shared.pop(each, {}) for each in CONFIGURED}
    _check_keys(str(path), shared, {key for each in options.values() for key in each})
    for each, table in tables.items():
        _check_keys(f"{path}, [{each}]", table, set(options[each]))
    values = {}
    for key, option in options[name].items():
        variable = _variable(key)
        if text := os.environ.get(variable):
            values[option.name] = _checked(context, option, variable, text)
        elif key in (found := {**shared, **tables[name]}):
            values[option.name] = _checked(context, option, f"{path}: {key}", found[key])
    return values


def _variable(key: str) -> str:
    """Return the environment's name for a key of the file."""
    return f"IMPASTO_{key.upper()}"


def _options(command: Any) -> dict[str, Any]:
    """Return a command's options by the names that they have on the command line."""
    longest = {max(each.opts, key=len): each for each in command.params}
    return {
        name.removeprefix("--").replace("-", "_"): option
        for name, option in longest.items()
        if name.startswith("--")
    }


def _check_keys(place: str, table: Any, known: set[str]) -> None:
    if not isinstance(table, dict):
        raise OptionError(f"{place} is {table!r}", "make it a table")
    for key in table.keys() - known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "its keys are names of options"
        raise OptionError(f"{place} has an unknown key {key!r}", hint)


def _checked(context: Any, option: Any, origin: str, value: Any) -> Any:
    """Return a value as the command line would have it, if the option takes it."""
    several = value if isinstance(value, list) and option.multiple else [value]
    if any(not isinstance(each, str | int | float) for each in several) or (
        isinstance(value, bool) and not option.is_flag
    ):
        raise OptionError(f"{origin} is {value!r}", "give what the command line takes")
    given = [each if isinstance(each, bool) else str(each) for each in several]
    try:
        option.process_value(context, given if option.multiple else given[0])
    except typer.BadParameter as error:
        raise OptionError(f"{origin} is {value!r}", error.message.rstrip(".")) from error
    return given if option.multiple else given[0]
