"""A damaged packet of sound costs itself, not the film."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.films import pan, write_film
from tests.painting import packets, write_copy, read_video


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("hurt", [0, 30, -1])
def test_a_damaged_packet_of_a_broadcast_is_left_out_alone(tmp_path: Path, ending: str, hurt: int) -> None:
    """The muxer learns from the first packet what sound it is; a recording often begins in the middle of one."""
    source = write_film(tmp_path / "film.ts", pan(60, 64, 48).frames, audio=True)
    sound = [data for _, data in packets(source, "audio")]
    victim, data = sound[hurt], source.read_bytes()
    at = data.index(victim[:20])
    source.write_bytes(data[:at] + bytes(7) + data[at + 7 :])
    sink = write_copy(source, tmp_path / f"painted.{ending}")
    assert len(read_video(tmp_path / f"painted.{ending}")[1]) == 60
    read_from_it = len(packets(source, "audio"))
    assert read_from_it > 90
    assert (
        read_from_it - 2 <= len(packets(tmp_path / f"painted.{ending}", "audio")) == read_from_it - sink.dropped_packets
    )
