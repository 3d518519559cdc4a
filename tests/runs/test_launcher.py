from __future__ import annotations

from pathlib import Path

from streamstyle.runs.launcher import read_last_lines, strip_escapes
from tests.tui.fake_run import STDERR_NOISE


def test_what_an_encoder_prints_cannot_shred_the_screen(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    log.write_bytes(STDERR_NOISE)
    assert read_last_lines(log) == ["frame= 2", "��[bold]no markup[/]"]


def test_colours_and_cursor_movements_are_taken_out() -> None:
    assert strip_escapes("\x1b[31mred\x1b[0m \x1b]0;title\x07plain\tend") == "red plain    end"
    assert strip_escapes("dangerous\u202eelif") == "dangerous�elif"


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert read_last_lines(log, 2) == ["line 99998", "line 99999"]
    assert read_last_lines(tmp_path / "none") == []
