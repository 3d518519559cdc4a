"""A film known by its content, whatever its name and wherever it lies."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

_SAMPLES = 64
_SAMPLE_BYTES = 64 << 10


def fingerprint(path: Path) -> str:
    """Return 32 hexadecimal digits that stand for the content of a file. Raises OSError where it cannot be read.

    Of a file larger than 4 MB its size and 64 samples of 64 kB count, evenly spaced and with both ends, so 50 GB take
    as long as 5 MB.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest = blake2b(str(size).encode(), digest_size=16)
        for start in _starts(size):
            file.seek(start)
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def _starts(size: int) -> list[int]:
    if size <= _SAMPLES * _SAMPLE_BYTES:
        return list(range(0, size, _SAMPLE_BYTES))
    return [(size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1) for sample in range(_SAMPLES)]
