"""Text subtitles say the same in every format, each with its own escapes and markup."""

from __future__ import annotations

import pytest

from streamstyle.media.subtitle_text import SubtitleConverter


def mov_text(text: str, styles: bytes = b"") -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode() + styles


def ass(text: str) -> bytes:
    return b"0,0,Default,,0,0,0,," + text.encode()


ITALIC_3_TO_8 = bytes.fromhex("00000016 7374796c 0001 0003 0008 0001 02 12 ffffffff")
"""A `styl` box (3GPP TS 26.245): one run of characters, font 1, italic, 18 pixels, white."""

SAME_TEXT = {
    "subrip": b"{\\an8}Up <i>there</i>",
    "ass": ass("{\\an8}Up {\\i1}there{\\i0}"),
    "webvtt": b"Up <i>there</i>",
    "mov_text": mov_text("Up there", ITALIC_3_TO_8),
    "text": b"Up there",
}
SAME_SIGNS = {
    "subrip": b"Fish & chips <3\n{sic}",
    "ass": ass("Fish & chips <3\\N\\{sic}"),
    "webvtt": b"Fish &amp; chips &lt;3\n{sic}",
    "mov_text": mov_text("Fish & chips <3\n{sic}"),
    "text": b"Fish & chips <3\n{sic}",
}


@pytest.mark.parametrize("source", SAME_TEXT)
@pytest.mark.parametrize("target", ["subrip", "webvtt", "mov_text"])
def test_markup_becomes_that_of_the_other_format(source: str, target: str) -> None:
    converted = SubtitleConverter(source, target).convert(SAME_TEXT[source]) or b""
    if source == "text":
        assert converted.removeprefix(b"\x00\x08") == b"Up there"
    elif target == "mov_text":
        text, box = converted[:10], converted[10:]
        assert text == mov_text("Up there")
        assert box[4:16] == ITALIC_3_TO_8[4:16]
        assert box[16] == 2  # italic
    else:
        assert converted.removeprefix(b"{\\an8}") == b"Up <i>there</i>"
        assert converted.startswith(b"{\\an8}") == (target == "subrip" and source in ("subrip", "ass"))


@pytest.mark.parametrize("source", SAME_SIGNS)
@pytest.mark.parametrize("target", ["subrip", "webvtt", "mov_text"])
def test_signs_are_escaped_as_the_other_format_does(source: str, target: str) -> None:
    expected = SAME_SIGNS[target].replace(b">", b"&gt;") if target == "webvtt" else SAME_SIGNS[target]
    assert SubtitleConverter(source, target).convert(SAME_SIGNS[source]) == expected


@pytest.mark.parametrize(
    ("payload", "source", "target", "expected"),
    [
        (b"1 < 2 and 3 > 2", "subrip", "mov_text", b"\x00\x0f1 < 2 and 3 > 2"),
        (b"1 < 2 and 3 > 2", "subrip", "webvtt", b"1 &lt; 2 and 3 &gt; 2"),
        (b"a&nbsp;b &gt; c", "webvtt", "subrip", "a\u00a0b > c".encode()),
        (b"<c.yellow>Up</c> <v Bob>hi", "webvtt", "subrip", b"Up hi"),
        (b'<font color="#ff0000">red</font>', "subrip", "webvtt", b"red"),
        (ass("Well\\Nhello"), "ass", "subrip", b"Well\nhello"),
        (ass("{\\fs40\\fnImpact}Big"), "ass", "subrip", b"Big"),
        (ass("{\\p1}m 0 0 l 1 1{\\p0}sun"), "ass", "subrip", b"sun"),
        (ass("{\\p1}m 0 0 l 1 1"), "ass", "mov_text", None),
        (b"Caf\xe9", "subrip", "webvtt", "Caf\ufffd".encode()),
        (b"", "subrip", "mov_text", None),
        (b"\0\0", "mov_text", "subrip", None),
        (b"\0\x40no", "mov_text", "subrip", b"no"),
    ],
)
def test_text_is_kept(payload: bytes, source: str, target: str, expected: bytes | None) -> None:
    assert SubtitleConverter(source, target).convert(payload) == expected
