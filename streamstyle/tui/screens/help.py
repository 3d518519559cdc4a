"""The help screen, and the keys and terms of the run screen that it lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from streamstyle.runs.folder import VIEWS
from streamstyle.tui.widgets.text import ACCENT, MUTED, line

_KEY_WIDTH = 8
"""Cells for the name of a key."""

_VIEW_KEYS_TOOLTIP = "Show output, film, per frame, flow or weight"

WIPE_BINDINGS = [
    Binding("w", "wipe", "Wipe", tooltip="A wipe between two views: drag the boundary, or move it"),
    Binding(
        "comma,less_than_sign",
        "move_boundary(-0.05)",
        show=False,
        key_display=", .",
        tooltip="Move the boundary of the wipe to the left or right",
    ),
    Binding("full_stop,greater_than_sign", "move_boundary(0.05)", show=False),
]

RUN_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("space", "pause", "Pause", tooltip="Pause after the current frame, or resume"),
    Binding("left", "cycle_view(0, -1)", "View", key_display="← →", tooltip="Another view of the frame"),
    Binding("right", "cycle_view(0, 1)", show=False),
    *[
        Binding(
            str(number),
            f"show_view('{view}')",
            show=False,
            key_display="1 … 5",
            tooltip=_VIEW_KEYS_TOOLTIP if number == 1 else "",
        )
        for number, view in enumerate(VIEWS, start=1)
    ],
    Binding("c", "compare", "Compare", tooltip="One view, or two at once"),
    *WIPE_BINDINGS,
    Binding("up", "cycle_view(1, -1)", show=False, key_display="↑ ↓", tooltip="Another view in the second image"),
    Binding("down", "cycle_view(1, 1)", show=False),
    Binding("x", "swap", "Swap", tooltip="Swap the two views; with one image, show the other view"),
    Binding("p", "toggle_pixels", show=False, tooltip="Pixels (kitty's protocol or sixels), or quadrant blocks"),
    Binding("s", "save", "Save", tooltip="Save the view shown in full size beside the output"),
    Binding("n", "toggle_stats", "Figures", tooltip="Zoom: the image alone, or with all figures"),
    Binding("pagedown", "scroll(1)", show=False, key_display="pgup/dn", tooltip="Scroll the figures"),
    Binding("pageup", "scroll(-1)", show=False),
    Binding("l", "toggle_log", "Log", tooltip="Show or hide the log"),
    Binding("e", "stop", "Stop", tooltip="Stop: finish the current frame and close the output"),
    Binding("q", "leave", "Leave", tooltip="Leave; asks whether the run stops"),
    Binding("ctrl+c", "leave", show=False, priority=True),
]

RUN_GLOSSARY = [
    ("output", "the frame as it is written"),
    ("per frame", "the frame stylised by itself, which flickers"),
    ("optical flow", "motion between frames: hue is the direction, saturation the speed"),
    ("consistency weight", "white where the previous output is trusted, black where something was uncovered"),
    ("steadier", "warping error per frame divided by that of the output, so far"),
    ("as sharp", "sharpness of the output in per cent of that per frame: a blurred film is steady, too"),
    ("objective", "weighted terms of the loss that is minimised, for the current frame"),
    ("time per stage", "seconds per frame; the stage that limits the speed is highlighted"),
    ("queues", "frames decoded, and frames whose flow is known, that wait for the next stage"),
]
"""Terms on the run screen and their meanings."""


class HelpScreen(ModalScreen[None]):
    """Lists the keys of the screen below, and its terms."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,space,enter,ctrl+c", "dismiss", "Back", key_display="esc", priority=True)
    ]

    def __init__(self, bindings: Iterable[Binding], glossary: Sequence[tuple[str, str]]) -> None:
        """Bindings without a tooltip are not listed; `glossary` holds terms and their meanings."""
        super().__init__()
        self._described_bindings = bindings
        self._glossary = glossary

    def compose(self) -> ComposeResult:
        """Put keys and terms into a box that scrolls."""
        with VerticalScroll(id="box"):
            yield Static(Content("Keys"), classes="heading")
            yield Static(Content("\n").join(self._key_lines()))
            if self._glossary:
                yield Static(Content("Terms"), classes="heading")
                terms = [line((term, ACCENT), (f"  {meaning}", MUTED)) for term, meaning in self._glossary]
                yield Static(Content("\n").join(terms))

    def _key_lines(self) -> list[Content]:
        rows = [(self._key_name(binding), binding.tooltip) for binding in self._described_bindings if binding.tooltip]
        rows.append(("ctrl+p", "The command palette: themes, and every action by name"))
        return [line((f"{key:<{_KEY_WIDTH}}", ACCENT), text) for key, text in rows]

    def _key_name(self, binding: Binding) -> str:
        return binding.key_display or self.app.get_key_display(binding)
