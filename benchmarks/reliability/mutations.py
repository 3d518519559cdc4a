"""Ways to damage the bytes of a file; each returns them and says what was done."""

from __future__ import annotations

from random import Random


def flip(content: bytes, random: Random) -> tuple[bytes, str]:
    """Flip one bit in each of one to eight bytes."""
    changed = bytearray(content)
    places = sorted(random.randrange(len(content)) for _ in range(random.randint(1, 8)))
    for place in places:
        changed[place] ^= 1 << random.randrange(8)
    return bytes(changed), f"with bits flipped in bytes {', '.join(map(str, places))}"


def hole(content: bytes, random: Random) -> tuple[bytes, str]:
    """Replace a stretch by zeros, as a file system does with a block that it has lost."""
    length = min(len(content), random.choice((64, 512, 4096)))
    start = random.randrange(len(content) - length + 1)
    return content[:start] + bytes(length) + content[start + length :], f"with {length} zeros at byte {start}"


def truncate(content: bytes, random: Random) -> tuple[bytes, str]:
    """Cut it short."""
    length = random.randrange(len(content))
    return content[:length], f"cut at byte {length}"


def remove(content: bytes, random: Random) -> tuple[bytes, str]:
    """Leave a stretch out."""
    length = random.randint(1, max(1, len(content) // 10))
    start = random.randrange(len(content) - length + 1)
    return content[:start] + content[start + length :], f"without {length} bytes from byte {start}"


def insert(content: bytes, random: Random) -> tuple[bytes, str]:
    """Put random bytes in."""
    length, start = random.choice((1, 188, 1000, 20_000)), random.randrange(len(content))
    return content[:start] + random.randbytes(length) + content[start:], f"with {length} bytes put in at byte {start}"


def repeat(content: bytes, random: Random) -> tuple[bytes, str]:
    """Repeat a stretch, as a download does that was resumed too early."""
    length = random.randint(1, max(1, len(content) // 5))
    start = random.randrange(len(content) - length + 1)
    end = start + length
    return content[:end] + content[start:], f"with {length} bytes from byte {start} twice"


MUTATIONS = (flip, flip, hole, truncate, remove, insert, repeat)
