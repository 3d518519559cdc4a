"""What can be asked before a run, and the answers, as JSON has them."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.commands.output import check_output
from streamstyle.easel.earlier import earlier_of
from streamstyle.easel.facts import facts_of
from streamstyle.easel.wish import part_of, wish_of
from streamstyle.film import Film
from streamstyle.library import all_styles, known_style, thumbnail
from streamstyle.media.carry import plan_streams
from streamstyle.media.encoder import refuse_encoder
from streamstyle.media.picture import Picture, decoded, read_picture, resized
from streamstyle.stages.source import glance

if TYPE_CHECKING:
    from streamstyle.easel.stills import Stills

Question = Mapping[str, Any]
Answer = dict[str, Any]


class Easel:
    """Answers questions about films and styles. All but `cost` are for one thread, and `cost` for another."""

    def __init__(self) -> None:
        self._stills: Stills | None = None
        self._known = lru_cache(4)(_glanced)

    def styles(self, question: Question) -> Answer:
        """Return all styles, each with a small picture of what it was learned from, of the size asked for."""
        size = question["width"], question["height"]
        return {
            "styles": [
                {
                    "name": style.name,
                    "title": style.title,
                    "artist": style.artist,
                    "builtin": style.builtin,
                    "picture": _as_json(_small(decoded(thumbnail(style) or b""), size)),
                }
                for style in all_styles()
            ]
        }

    def image(self, question: Question) -> Answer:
        """Return an image, or a style in a file, small; raises StyleError where it is none."""
        path, size = Path(question["path"]), (question["width"], question["height"])
        in_file = path.suffix == ".safetensors"
        picture = decoded(thumbnail(known_style(str(path))) or b"") if in_file else read_picture(path)
        return {"path": str(path), "picture": _as_json(_small(picture, size))}

    def film(self, question: Question) -> Answer:
        """Return the facts of a film; raises FilmError where it is none."""
        return asdict(facts_of(self._film(Path(question["path"]))))

    def check(self, question: Question) -> Answer:
        """Return where the output goes and what stays behind; raises the error that the run would end with."""
        wish = wish_of(question["arguments"])
        film = part_of(self._film(wish.movie), wish)
        check_output(wish.output, wish.movie, replace_it=True, may_ask=False)
        refuse_encoder(film.upscaled(wish.settings.enlarge.upscale), wish.output, wish.settings.sink)
        earlier, begun = earlier_of(film, wish)
        return {
            "output": str(wish.output),
            "exists": wish.output.exists(),
            "begun": begun,
            "free": shutil.disk_usage(wish.output.parent).free,
            "width": film.width,
            "height": film.height,
            "frames": film.frames,
            "warnings": [
                *([f"goes on after {earlier} frames, painted earlier"] if earlier else []),
                *([begun] if begun else []),
                *(
                    f"{each.stream.kind} {each.stream.codec}: {each.way}, {each.why}"
                    for each in plan_streams(film, wish.output)
                    if each.why
                ),
            ],
        }

    def still(self, question: Question) -> Answer:
        """Return a frame as it is and painted; a draft where that is asked for, and is quicker."""
        from streamstyle.easel.stills import Box, Stills, is_exact

        self._stills = stills = self._stills or Stills()
        wish = wish_of(question["arguments"])
        film = self._film(wish.movie)
        box = Box(question["width"], question["height"], question["detail"])
        draft = question["draft"] and not is_exact(film, wish, box)
        return {
            "time": question["time"],
            "draft": draft,
            "source": _as_json(stills.source(film, question["time"], wish, box)),
            "painted": _as_json(stills.painted(film, question["time"], wish, box, draft=draft)),
        }

    def cost(self, question: Question, told: Callable[[Answer], None], stop: threading.Event) -> Answer:
        """Return what a run would take; `told` hears what is known so far, until `stop` is set."""
        from streamstyle.easel.cost import cost_of

        wish = wish_of(question["arguments"])
        film = part_of(self._film(wish.movie), wish)
        return asdict(cost_of(film, wish, lambda known: told(asdict(known)), stop))

    def _film(self, path: Path) -> Film:
        return self._known(path, path.stat().st_mtime_ns if path.exists() else 0)


def _glanced(path: Path, changed: int) -> Film:
    """Return what a film says of itself; `changed` is when its file did, so that what is remembered is of that file."""
    return glance(path)


def _small(picture: Picture | None, size: tuple[int, int]) -> Picture | None:
    """Return the middle of a picture, as much of it as has the shape asked for, at (width, height) `size`."""
    if picture is None:
        return None
    (height, width), shape = picture.shape[:2], size[0] / size[1]
    across, down = min(width, max(1, round(height * shape))), min(height, max(1, round(width / shape)))
    left, top = (width - across) // 2, (height - down) // 2
    return resized(picture[top : top + down, left : left + across], size)


def _as_json(picture: Picture | None) -> Answer | None:
    if picture is None:
        return None
    return {
        "width": picture.shape[1],
        "height": picture.shape[0],
        "pixels": base64.b64encode(picture.tobytes()).decode(),
    }
