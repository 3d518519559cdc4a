"""A run on a cluster shows frames that are being painted, and pauses, as its folder orders."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from streamstyle.cluster.orders import Orders
from streamstyle.cluster.painting import FilmMissing, PaintedPiece, PieceTask, paint
from streamstyle.cluster.reporter import HeadContext
from streamstyle.events import Event, Finished, Paused, PreviewsWritten, Unpaused
from streamstyle.job import FrameContext
from streamstyle.media.images import decode_image
from streamstyle.runs import head_monitor
from streamstyle.runs.event_log import EventLog
from streamstyle.runs.folder import Control, PreviewRequest, RunFolder, RunReader
from streamstyle.runs.head_monitor import HeadMonitor
from streamstyle.runs.state import RunState, apply_events
from tests.cluster.cluster_case import InProcess, case, film

pytestmark = pytest.mark.usefixtures("home")


def test_frames_in_work_are_shown_and_a_pause_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_monitor, "PREVIEW_INTERVAL", 0.0)
    folder, events, orders = RunFolder(tmp_path / "run"), list[Event](), Orders()
    folder.create(["run"])
    log, reader = EventLog(folder, events.append), RunReader(folder)
    continued = threading.Event()

    def observe(event: Event) -> None:
        events.append(event)
        log.observe(event)

    monitor = HeadMonitor(folder, log, observe, threading.Event())
    state, paused = RunState(), RunState()

    def poll(context: HeadContext) -> bool:
        nonlocal state, paused
        folder.request_previews("test", PreviewRequest(("output", "source"), 40, 30))
        state = apply_events(state, reader.read_events())
        if state.paused and state.previews is not None and state.previews.frame == 2:
            paused = state
            folder.write_control(Control())
            continued.set()
        elif state.previews is not None and not continued.is_set():
            folder.write_control(Control(paused=True))
        return monitor.poll(context)

    def wait_at_second_frame(context: FrameContext) -> None:
        orders.carry_out(context)
        while context.stylised.flowed.frame.index == 1 and not continued.wait(0.01):
            orders.carry_out(context)

    def paint_with_orders(task: PieceTask) -> PaintedPiece | FilmMissing:
        return paint(task, on_frame=wait_at_second_frame)

    given = {"show": orders.show, "pause": lambda paused: orders.pause(paused=paused)}
    one = case(tmp_path, film(tmp_path))
    pieces = InProcess(paint=paint_with_orders).run(one, tmp_path / "out.mkv", on_poll=poll, orders=given)
    assert isinstance(pieces.ended, Finished)
    assert [type(event) for event in events] == [Paused, Unpaused]
    shown = paused.previews
    assert isinstance(shown, PreviewsWritten)
    assert (shown.frame, shown.time) == (2, 0.04)
    for path in shown.images.values():
        assert decode_image(Path(path).read_bytes()).shape == (24, 32, 3)
    assert set(shown.images) == {"output", "source"}
    assert pieces.hashes() == one.stylise(tmp_path / "whole.mkv").hashes()
