"""Matroska for codecs that PyAV refuses to put into it.

PyAV adds a stream only if FFmpeg lists its codec for the container. For Matroska that list holds the codecs with a name
of their own; its muxer takes all sound that WAV can hold (A_MS/ACM), such as WMA and ADPCM. FFmpeg's muxer `tee` has no
list, and passes everything but chapters on to another muxer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import av

if TYPE_CHECKING:
    from av.container import OutputContainer

TEE = "tee"
"""FFmpeg's name of the format of such a container."""


class WritableFile(Protocol):
    """What FFmpeg needs of a file of Python."""

    def write(self, data: bytes, /) -> int: ...  # noqa: D102
    def seek(self, offset: int, whence: int = 0, /) -> int: ...  # noqa: D102
    def tell(self) -> int: ...  # noqa: D102


def open_muxer(container: str, file: WritableFile, options: dict[str, str] | None = None) -> OutputContainer:
    """Return a container of this format, to be written to `file`; for `TEE` it is Matroska."""
    if container != TEE:
        return av.open(file, "w", format=container, container_options=options)
    target = "".join(["[f=matroska", *(f":{name}={value}" for name, value in (options or {}).items()), "]output"])

    def open_file(url: str, flags: int, options: dict[str, str]) -> _KeptOpen:
        return _KeptOpen(file)

    return av.open(target, "w", format=TEE, io_open=open_file)


class _KeptOpen:
    """A file that stays open when FFmpeg closes it: who opened it closes it."""

    def __init__(self, file: WritableFile) -> None:
        self.write, self.seek, self.tell = file.write, file.seek, file.tell

    def close(self) -> Any:
        """Do nothing."""
