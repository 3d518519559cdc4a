"""The paths in a record and in the records and tuples that it holds: found, and replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

Record = TypeVar("Record")


def paths_in(record: Any) -> Iterator[Path]:
    """Yield the paths in a record."""
    if isinstance(record, Path):
        yield record
    elif isinstance(record, tuple):
        for each in record:
            yield from paths_in(each)
    elif is_dataclass(record):
        for each in fields(record):
            yield from paths_in(getattr(record, each.name))


def replace_paths(record: Record, places: Mapping[Path, Path]) -> Record:
    """Return the record with the paths in it replaced."""
    if isinstance(record, Path):
        return cast("Record", places.get(record, record))
    if isinstance(record, tuple):
        return cast("Record", tuple(replace_paths(each, places) for each in record))
    if is_dataclass(record) and not isinstance(record, type):
        changed = {each.name: replace_paths(getattr(record, each.name), places) for each in fields(record)}
        return cast("Record", type(record)(**changed))
    return record
