"""The keys of the start screen, and the words its help explains."""

from __future__ import annotations

from textual.binding import Binding

SETUP_BINDINGS = [
    Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="This page"),
    Binding("ctrl+s,f5", "start", "Start", key_display="^s", tooltip="Start the run"),
    Binding(
        "f,f2", "choose_film", "Film", key_display="f", tooltip="Choose a film; one can be dropped on the terminal, too"
    ),
    Binding(
        "i,f3", "choose_image", "Image", key_display="i", tooltip="Paint after any image, or take a style from a file"
    ),
    Binding("c", "preview('compare')", "Compare", tooltip="One picture, or two side by side"),
    Binding("x", "preview('flip')", "Flip", tooltip="Exchange the painting and the film"),
    Binding(
        "z", "preview('detail')", "Pixels", show=False, tooltip="The middle of the picture pixel by pixel, or all of it"
    ),
    Binding("p", "preview('sharpen')", show=False, tooltip="True pixels, or blocks: by kitty's or sixels' protocol"),
    Binding(
        "minus", "preview('scrub(-0.05)')", "Time", key_display="- +", tooltip="Look at an earlier or later moment"
    ),
    Binding("plus,equals_sign", "preview('scrub(0.05)')", show=False),
    Binding("comma", "preview('step(-1)')", show=False, key_display=", .", tooltip="Look a second earlier or later"),
    Binding("full_stop", "preview('step(1)')", show=False),
    Binding("y,ctrl+y", "copy", "Copy", key_display="y", tooltip="Copy the command line, through the terminal"),
    Binding("1", "page('film')", show=False, key_display="1 … 4", tooltip="Go to film, style, options or preview"),
    Binding("2", "page('style')", show=False),
    Binding("3", "page('options')", show=False),
    Binding("4", "page('preview')", show=False),
    Binding("tab", "app.focus_next", show=False, tooltip="Go to the next field; shift+tab to the one before"),
    Binding("escape", "leave_field", show=False, tooltip="Leave a field, so that letters are keys again"),
    Binding("q", "leave", "Quit", tooltip="Quit; nothing has begun"),
    Binding("ctrl+c", "leave", show=False, priority=True),
]

SETUP_GLOSSARY = [
    ("◂ ▸", "left and right, or a click, walk through what there is to choose from"),
    ("numbers", "up and down change them; what is dim is the default"),
    ("draft", "painted small to be quick; the strokes of the real size follow"),
    ("≈", "an estimate, from a few frames of the film's middle painted for it just now"),
]
"""Terms of the screen, and what they mean."""
