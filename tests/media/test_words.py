"""Subtitles say the same in every codec."""

from __future__ import annotations

import pytest

from streamstyle.media.words import convert_subtitle


@pytest.mark.parametrize(
    ("payload", "source", "target", "expected"),
    [
        (b"Hello", "subrip", "mov_text", b"\x00\x05Hello"),
        ("Grüße <b>an</b> alle".encode(), "subrip", "mov_text", b"\x00\x0f" + "Grüße an alle".encode()),
        (b"1 < 2 and 3 > 2", "subrip", "mov_text", b"\x00\x0f1 < 2 and 3 > 2"),
        (b"\x00\x05Hello\x00\x00\x00\x0cstyl\x00\x00\x00\x00", "mov_text", "subrip", b"Hello"),
        (rb"0,0,Default,,0,0,0,,{\i1}Well,{\i0}\Nhello", "ass", "subrip", b"Well,\nhello"),
        (b"<i>Hello</i>", "subrip", "webvtt", b"<i>Hello</i>"),
        (b"Caf\xe9", "subrip", "subrip", "Caf\ufffd".encode()),
    ],
)
def test_words_survive(payload: bytes, source: str, target: str, expected: bytes) -> None:
    assert convert_subtitle(payload, source, target) == expected
