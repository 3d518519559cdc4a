"""The keys of the running screen, and the words its help explains."""

from __future__ import annotations

from textual.binding import Binding

from streamstyle.runs.folder import VIEWS

_VIEW_KEYS_TOOLTIP = "At once: painted, film, frame by frame, flow, weight"

RUN_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("space", "pause", "Pause", tooltip="Pause after the frame at hand, or go on"),
    Binding("left", "turn(0, -1)", "View", key_display="← →", tooltip="Another view of the frame"),
    Binding("right", "turn(0, 1)", show=False),
    *[
        Binding(
            str(number),
            f"view('{view}')",
            show=False,
            key_display="1 … 5",
            tooltip=_VIEW_KEYS_TOOLTIP if number == 1 else "",
        )
        for number, view in enumerate(VIEWS, start=1)
    ],
    Binding("c", "compare", "Compare", tooltip="One picture, or two side by side"),
    Binding("up", "turn(1, -1)", show=False, key_display="↑ ↓", tooltip="Another view for the second picture"),
    Binding("down", "turn(1, 1)", show=False),
    Binding("x", "flip", "Flip", tooltip="Exchange the two, or flip to the other and back"),
    Binding("p", "sharpen", show=False, tooltip="True pixels, or blocks: by kitty's or sixels' protocol"),
    Binding("s", "save", "Save", tooltip="Save the view shown, in full size, beside the painted film"),
    Binding("n", "numbers", show=False, tooltip="All the numbers, or the picture alone"),
    Binding("pagedown", "scroll(1)", show=False, key_display="pgup/dn", tooltip="Scroll the numbers"),
    Binding("pageup", "scroll(-1)", show=False),
    Binding("l", "journal", "Log", tooltip="Show or hide the log"),
    Binding("e", "stop", show=False, tooltip="End here: finish the frame and close the film"),
    Binding("q", "leave", "Leave", tooltip="Leave; asks what becomes of the run"),
    Binding("ctrl+c", "leave", show=False, priority=True),
]

RUN_GLOSSARY = [
    ("painted", "what goes into the film"),
    ("painted frame by frame", "the style without a memory: what flickers"),
    ("optical flow", "where things move: the hue is the direction, its strength the speed"),
    ("consistency weight", "white where the last picture is trusted, black where something was uncovered"),
    ("steadier", "warping error so far of frame by frame, divided by that of what is painted"),
    ("objective", "terms that are minimised on the frame at hand, as weighted"),
    ("where the time goes", "seconds a frame by stage; in colour what everything else waits for"),
    ("queues", "frames decoded, and frames whose flow is known, that wait for the painter"),
]
"""Terms of the screen, and what they mean."""
