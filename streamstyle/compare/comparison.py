"""Methods compared on one film: made, measured, and put into figures that say what they are multiples of."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from streamstyle.compare.contender import Contender, ready, reference_of
from streamstyle.compare.events import Compared, ComparedFilm, ComparisonStopped, FrameMeasured
from streamstyle.compare.kept import write_record
from streamstyle.compare.painting import Part, paint_all
from streamstyle.evaluate.appearance import Appearance
from streamstyle.evaluate.decoys import Decoys
from streamstyle.evaluate.judge import Judge
from streamstyle.evaluate.measuring import GAPS, measure_all
from streamstyle.events import Observer
from streamstyle.files import read_json
from streamstyle.film import Film
from streamstyle.machine_info import machine_info
from streamstyle.mix import Mix
from streamstyle.settings import Method, SourceSettings

VERSION = 3
"""Changes whenever the same films would get other figures."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured with."""

    judge: Judge
    eye: Appearance
    style_image: Path | None


class _InterruptedError(Exception):
    """Measuring was asked to stop."""


def measured(
    parts: Sequence[Part], film: Film, part: SourceSettings, bench: Bench, observe: Observer, stop: threading.Event
) -> list[dict[str, Any]] | None:
    """Return figures and curves of source, parts and decoys; found where they are kept; None where `stop` was set."""
    record = parts[0].film.parent / f"measures-{_digest(parts, film, bench)}.json"
    if films := read_json(record).get("films"):
        return list(films)

    def watch(done: int) -> None:
        observe(FrameMeasured(done, film.frames))
        if stop.is_set():
            raise _InterruptedError

    try:
        all_of_them = measure_all(
            [made.film for made in parts], film.path, part, bench.judge, eye=bench.eye, decoys=True, watch=watch
        )
    except _InterruptedError:
        return None
    films = [{"metrics": each.by_name(), "curves": each.curves, "frames": each.frames} for each in all_of_them]
    write_record(record, {"flow_reference": bench.judge.name, "loss_network": bench.eye.name, "films": films})
    return films


def _digest(parts: Sequence[Part], film: Film, bench: Bench) -> str:
    style = bench.style_image.read_bytes() if bench.style_image else b""
    made = [(part.film.stem, part.making.date) for part in parts]
    size, judge, eye = (film.width, film.height), bench.judge.name, bench.eye.name
    all_of_it = repr((VERSION, made, size, judge, eye, blake2b(style).hexdigest()))
    return blake2b(all_of_it.encode(), digest_size=8).hexdigest()


def compare(
    contenders: Sequence[Contender],
    film: Film,
    part: SourceSettings,
    mix: Mix,
    bench: Bench,
    folder: Path,
    command: str,
    observe: Observer,
    stop: threading.Event,
) -> Compared | None:
    """Make every method's film into `folder`, or find it there, and measure all; None where `stop` was set.

    `part` are the settings that `film` was probed with. Raises StreamstyleError for what a user can put right.
    """
    with bench.judge.follow(film, GAPS):
        pass  # a judge that does not know the film says so before any work is done
    made = paint_all([ready(contender) for contender in contenders], film, mix, folder, observe, stop)
    films = measured(made, film, part, bench, observe, stop) if len(made) == len(contenders) else None
    if films is None:
        observe(ComparisonStopped(str(folder), len(made), len(contenders)))
        return None
    reference = reference_of(contenders)
    return Compared(
        video=str(film.path),
        style=mix.name,
        output="",
        report="",
        width=film.width,
        height=film.height,
        frames=films[0]["frames"],
        frame_rate=float(film.frame_rate or 25),
        flow_reference=bench.judge.name,
        same_flow_methods=[part.contender.label for part in made if _judges_itself(part.contender, bench.judge)],
        loss_network=bench.eye.name,
        baseline=made[reference].contender.label,
        films=_rows(made, films, reference),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine_info(),
        command=command,
    )


def _judges_itself(contender: Contender, judge: Judge) -> bool:
    return contender.method is not Method.johnson and contender.settings.flow.flow is judge.preset


def _rows(made: Sequence[Part], films: Sequence[dict[str, Any]], reference: int) -> list[ComparedFilm]:
    base, pace = films[1 + reference]["metrics"], made[reference].making.seconds_per_frame
    parts: list[Part | None] = [None, *made, *(None for _ in Decoys.names)]
    names = ["source", *(part.contender.label for part in made), *Decoys.names]
    kinds = ["source", *("method" for _ in made), *("control" for _ in Decoys.names)]
    return [
        _row(name, kind, part, figures, base, pace)
        for name, kind, part, figures in zip(names, kinds, parts, films, strict=True)
    ]


def _row(
    name: str, kind: str, part: Part | None, figures: dict[str, Any], base: dict[str, float], pace: float
) -> ComparedFilm:
    measures = figures["metrics"]
    relative = {key: value / base[key] for key, value in measures.items() if base.get(key)}
    if part is None:
        return ComparedFilm(name, kind, None, None, measures, relative, figures["curves"])
    making = part.making
    taken = making.seconds_per_frame
    film = str(part.film)
    return ComparedFilm(
        name, kind, taken, taken / pace, measures, relative, figures["curves"], film, making.date, making.machine
    )
