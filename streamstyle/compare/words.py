"""What a comparison comes to, in sentences, and what its figures mean."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from streamstyle.compare.events import Compared, ComparedFilm
from streamstyle.compare.markup import element, text
from streamstyle.machine_info import describe_machine

_METRIC_MEANINGS = {
    "time a frame": "Seconds a frame by the clock, optical flow and encoding included, without the first frame. They "
    "say as much of the machine, and of what else it did, as of the method; the ratios say more.",
    "warping error": "Mean squared difference between a frame and an earlier one carried to it along the film's own "
    "motion, where that can be trusted (Lai et al. 2018). One frame apart it is flicker.",
    "stability error": "The same as a root, over all pixels.",
    "drift": "How much the colour of points changes that are followed over 20 frames, as a share of what it would "
    "change had the picture stood still while the scene moved. A frozen film has exactly 1.",
    "content loss": "Relative squared error of relu4_2 against the film's own frame.",
    "style loss": "Relative squared error of the Gram matrices of relu1_1 … relu5_1 against the painting.",
    "sharpness": "Mean gradient of brightness: what blur takes away.",
    "blurred, frozen": "What would cheat. A blur is steady, and so is a still: sharpness and style loss give the one "
    "away, drift the other.",
}  # fmt: skip


def summary(compared: Compared) -> str:
    """Return what the figures come to: the steadiest method, its price, and what it lost."""
    methods = [row for row in compared.films if row.kind == "method" and "warping_error_1" in row.ratios]
    judged = [row for row in methods if row.name not in compared.same_flow_methods] or methods
    others = [row for row in judged if row.name != compared.baseline]
    if not others:
        return text(f"{compared.baseline}, measured beside the film itself and beside what would cheat.")
    steadiest = min(others, key=lambda row: row.ratios["warping_error_1"])
    said = [_describe_film(steadiest, compared.baseline)]
    nearest = min(others, key=lambda row: row.ratios.get("style", 0.0))
    if nearest is not steadiest and "style" in nearest.ratios:
        said.append(_describe_film(nearest, compared.baseline))
    return " ".join(said)


def _describe_film(row: ComparedFilm, reference: str) -> str:
    said = f" has {row.ratios['warping_error_1']:.2g} of {reference}'s flicker"
    if row.time_ratio is not None:
        said += f" at {row.time_ratio:.2g} times its time"
    lost = {"style": "style loss", "sharpness": "sharpness"}
    multiples = [f"{row.ratios[key]:.2f} times its {words}" for key, words in lost.items() if key in row.ratios]
    return element("strong", text(row.name)) + text(f"{said}, {' and '.join(multiples)}.")


def facts_line(compared: Compared) -> str:
    """Return size, length and judge in a line."""
    methods = sum(row.kind == "method" for row in compared.films)
    frames = "one frame" if compared.frames == 1 else f"{compared.frames} frames"
    length = f"{frames}, {compared.frames / compared.frame_rate:.1f} s"
    size = f"{compared.width}\N{MULTIPLICATION SIGN}{compared.height}"
    many = "one method" if methods == 1 else f"{methods} methods"
    return text(f"{size}, {length}; {many}, judged along {compared.flow_reference}")


def metric_definitions(compared: Compared) -> str:
    """Return what each measure is, and with what it was measured."""
    made_along = f" Made along it, too, and less steady than they look: {', '.join(compared.same_flow_methods)}."
    judge = f"{compared.flow_reference}.{made_along if compared.same_flow_methods else ''}"
    meanings = {**_METRIC_MEANINGS, "judged along": judge, "losses seen by": f"{compared.loss_network}."}
    if not any("style" in row.metrics for row in compared.films):
        meanings["style loss"] = "Not measured: it needs the painting itself (--style-image)."
    return _definition_list(meanings)


def provenance(compared: Compared) -> str:
    """Return machine, date, versions, and the command to do it again."""
    methods = [row for row in compared.films if row.kind == "method"]
    loads = ", ".join(f"{row.name} {row.machine.get('load', '?')}" for row in methods)
    when = datetime.fromisoformat(compared.date)
    known = {
        "date": f"{when:%Y-%m-%d %H:%M} UTC",
        "machine": describe_machine(compared.machine),
        "load while painting": loads,
        "film": compared.video,
        "made": "; ".join(f"{row.name}: {Path(row.output).name}, {row.created[:10]}" for row in methods),
    }
    again = element("pre", text(compared.command), id="command")
    copy = element("button", "copy the command", type="button", id="copy", hidden="")
    return _definition_list(known) + again + copy


def _definition_list(entries: dict[str, str]) -> str:
    return element("dl", *(element("dt", text(name)) + element("dd", text(said)) for name, said in entries.items()))
