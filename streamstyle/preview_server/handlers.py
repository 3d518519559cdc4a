"""The requests of the start screen and their results, as JSON objects."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamstyle.cli.media_args import check_output
from streamstyle.cli.run_arguments import RunArguments, parse_run_arguments
from streamstyle.errors import OutputError
from streamstyle.media.images import RgbImage, decode_image, read_image, resize
from streamstyle.media.output_file import partial_path
from streamstyle.media.probe import probe_header
from streamstyle.media.stream_plan import plan_streams
from streamstyle.media.video_encoder import check_encoder
from streamstyle.preview_server.video_facts import requested_range, video_facts
from streamstyle.resume.checkpoint import read_checkpoint
from streamstyle.resume.signature import RANGE_KEY, check_unchanged, run_signature
from streamstyle.styles.library import all_styles, get_style, thumbnail
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from streamstyle.preview_server.frame_previews import FramePreviews

Request = Mapping[str, Any]
Result = dict[str, Any]


class Handlers:
    """One method for each request. `estimate` may run in one thread and all the others in another."""

    def __init__(self) -> None:
        self._previews: FramePreviews | None = None
        self._probe = lru_cache(4)(_probe)

    def styles(self, request: Request) -> Result:
        """Return all styles, each with a thumbnail of its style image in the requested size."""
        size = request["width"], request["height"]
        return {
            "styles": [
                {
                    "name": style.name,
                    "title": style.title,
                    "artist": style.artist,
                    "builtin": style.builtin,
                    "thumbnail": _to_json(_crop_to_size(decode_image(thumbnail(style) or b""), size)),
                }
                for style in all_styles()
            ]
        }

    def image(self, request: Request) -> Result:
        """Return the thumbnail of an image or of a weights file; raises StyleError for any other file."""
        path, size = Path(request["path"]), (request["width"], request["height"])
        in_file = path.suffix == ".safetensors"
        picture = decode_image(thumbnail(get_style(str(path))) or b"") if in_file else read_image(path)
        return {"path": str(path), "thumbnail": _to_json(_crop_to_size(picture, size))}

    def video(self, request: Request) -> Result:
        """Return facts about a film; raises FilmError if it cannot be read."""
        return asdict(video_facts(self._film(Path(request["path"]))))

    def check(self, request: Request) -> Result:
        """Return where the output goes and what a run would warn of; raises the error that the run would end with."""
        wanted = parse_run_arguments(request["arguments"])
        film = requested_range(self._film(wanted.movie), wanted)
        check_output(wanted.output, wanted.movie, replace=True, can_ask=False)
        check_encoder(film.upscaled(wanted.settings.upscale.upscale), wanted.output, wanted.settings.encoder)
        resumed_frames, resume_problem = resume_status(film, wanted)
        return {
            "output": str(wanted.output),
            "output_exists": wanted.output.exists(),
            "resume_problem": resume_problem,
            "free_bytes": shutil.disk_usage(wanted.output.parent).free,
            "width": film.width,
            "height": film.height,
            "frames": film.frames,
            "warnings": _warnings(film, wanted.output, resumed_frames, resume_problem),
        }

    def preview(self, request: Request) -> Result:
        """Return a frame as it is and stylised; a draft if one is requested and would be quicker."""
        from streamstyle.preview_server.frame_previews import FramePreviews, PreviewBox, draft_is_exact

        self._previews = previews = self._previews or FramePreviews()
        wanted = parse_run_arguments(request["arguments"])
        film = self._film(wanted.movie)
        box = PreviewBox(request["width"], request["height"], request["detail"])
        draft = request["draft"] and not draft_is_exact(film, wanted, box)
        return {
            "time": request["time"],
            "draft": draft,
            "source": _to_json(previews.source(film, request["time"], wanted, box)),
            "stylised": _to_json(previews.stylised(film, request["time"], wanted, box, draft=draft)),
        }

    def estimate(self, request: Request, on_progress: Callable[[Result], None], stop: threading.Event) -> Result:
        """Return time and size of a run; `on_progress` gets what is known so far, until `stop` is set."""
        from streamstyle.estimate import estimate_cost

        wanted = parse_run_arguments(request["arguments"])
        film = requested_range(self._film(wanted.movie), wanted)
        cost = estimate_cost(
            film, wanted.output, wanted.blend, wanted.settings, lambda known: on_progress(asdict(known)), stop
        )
        return asdict(cost)

    def _film(self, path: Path) -> VideoInfo:
        return self._probe(path, path.stat().st_mtime_ns if path.exists() else 0)


def resume_status(film: VideoInfo, wanted: RunArguments) -> tuple[int, str]:
    """Return how many frames a run would resume after, and why it could not resume; (0, "") without a checkpoint.

    Whether the checkpoint is of the same range only a run finds out, which reads through the film.
    """
    if wanted.restart:
        return 0, ""
    try:
        checkpoint = read_checkpoint(wanted.output)
        if checkpoint is None:
            return 0, ""
        signature = run_signature(film, wanted.blend, wanted.settings)
        signature[RANGE_KEY] = checkpoint.signature.get(RANGE_KEY, "")
        check_unchanged(checkpoint.signature, signature, partial_path(wanted.output))
    except OutputError as error:
        return 0, error.problem
    return checkpoint.resume_point.frames, ""


def _warnings(film: VideoInfo, output: Path, resumed_frames: int, resume_problem: str) -> list[str]:
    streams = (
        f"{each.stream.kind} {each.stream.codec}: {each.action}, {each.reason}"
        for each in plan_streams(film, output)
        if each.reason
    )
    resumes = [f"resumes after frame {resumed_frames}"] if resumed_frames else []
    return [*resumes, *([resume_problem] if resume_problem else []), *streams]


def _probe(path: Path, modified: int) -> VideoInfo:
    """Probe a film by its header; `modified`, its file's time, is there for the cache alone."""
    return probe_header(path)


def _crop_to_size(picture: RgbImage | None, size: tuple[int, int]) -> RgbImage | None:
    """Return the largest part from the middle with the aspect ratio of `size`, at (width, height) `size`."""
    if picture is None:
        return None
    (height, width), shape = picture.shape[:2], size[0] / size[1]
    across, down = min(width, max(1, round(height * shape))), min(height, max(1, round(width / shape)))
    left, top = (width - across) // 2, (height - down) // 2
    return resize(picture[top : top + down, left : left + across], size)


def _to_json(picture: RgbImage | None) -> Result | None:
    if picture is None:
        return None
    return {
        "width": picture.shape[1],
        "height": picture.shape[0],
        "pixels": base64.b64encode(picture.tobytes()).decode(),
    }
