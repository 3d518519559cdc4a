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

from streamstyle.cli.run_arguments import RunArguments, parse_run_arguments
from streamstyle.errors import OutputError
from streamstyle.media.images import RgbImage, decode_image, read_image, resize
from streamstyle.media.output_names import check_output, partial_path
from streamstyle.media.probe import probe_header
from streamstyle.media.stream_plan import plan_streams
from streamstyle.media.video_encoder import check_encoder
from streamstyle.preview_server.video_facts import requested_range, video_facts
from streamstyle.resume.checkpoint import read_checkpoint
from streamstyle.resume.earlier_run import check_own
from streamstyle.resume.signature import RANGE_KEY, check_unchanged, run_inputs, run_signature
from streamstyle.styles.adaptation import seconds_to_adapt
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
        """Return the thumbnail of an image or of a weights file. Raises StyleError for any other file."""
        path, size = Path(request["path"]), (request["width"], request["height"])
        is_weights = path.suffix == ".safetensors"
        image = decode_image(thumbnail(get_style(str(path))) or b"") if is_weights else read_image(path)
        return {"path": str(path), "thumbnail": _to_json(_crop_to_size(image, size))}

    def video(self, request: Request) -> Result:
        """Return facts about a video. Raises VideoError."""
        return asdict(video_facts(self._video_info(Path(request["path"]))))

    def check(self, request: Request) -> Result:
        """Return the output of a run and what it would warn of; raises the StreamstyleError that it would end with."""
        arguments = parse_run_arguments(request["arguments"])
        video = requested_range(self._video_info(arguments.movie), arguments)
        output = arguments.find_output(video)
        check_output(output, run_inputs(video, arguments.blend, arguments.settings))
        check_own(output)
        check_encoder(video.upscaled(arguments.settings.upscale.upscale), output, arguments.settings.encoder)
        resumed_frames, resume_problem = resume_status(video, arguments, output)
        return {
            "output": str(output),
            "output_exists": output.exists(),
            "resume_problem": resume_problem,
            "free_bytes": shutil.disk_usage(output.parent).free,
            "width": video.width,
            "height": video.height,
            "frames": video.frames,
            "warnings": _run_warnings(video, output, resumed_frames, resume_problem),
        }

    def preview(self, request: Request) -> Result:
        """Return a frame as it is and stylised; as a draft if one is requested and would be faster."""
        from streamstyle.preview_server.frame_previews import FramePreviews, PreviewBox, draft_is_exact

        self._previews = previews = self._previews or FramePreviews()
        arguments = parse_run_arguments(request["arguments"])
        video = self._video_info(arguments.movie)
        box = PreviewBox(request["width"], request["height"], request["detail"])
        draft = request["draft"] and not draft_is_exact(video, arguments, box)
        return {
            "time": request["time"],
            "draft": draft,
            "source": _to_json(previews.source(video, request["time"], arguments, box)),
            "stylised": _to_json(previews.stylised(video, request["time"], arguments, box, draft=draft)),
        }

    def estimate(self, request: Request, on_progress: Callable[[Result], None], stop: threading.Event) -> Result:
        """Return time and size of a run; `on_progress` gets intermediate results. `stop` ends the measurement."""
        from streamstyle.estimate import estimate_cost

        arguments = parse_run_arguments(request["arguments"])
        video = requested_range(self._video_info(arguments.movie), arguments)
        before = {"adaptation_seconds": seconds_to_adapt(arguments.adaptation)}
        cost = estimate_cost(
            video,
            arguments.find_output(video),
            arguments.blend,
            arguments.settings,
            lambda partial: on_progress(asdict(partial) | before),
            stop,
        )
        return asdict(cost) | before

    def _video_info(self, path: Path) -> VideoInfo:
        return self._probe(path, path.stat().st_mtime_ns if path.exists() else 0)


def resume_status(video: VideoInfo, arguments: RunArguments, output: Path) -> tuple[int, str]:
    """Return how many frames a run would resume after, and why it could not resume; (0, "") without a checkpoint.

    That the checkpoint is of the same time range is assumed: only a run, which reads the whole range, can check it.
    """
    if arguments.restart:
        return 0, ""
    try:
        checkpoint = read_checkpoint(output)
        if checkpoint is None or checkpoint.resume_point.frames == 0:
            return 0, ""
        signature = run_signature(video, arguments.blend, arguments.settings)
        signature[RANGE_KEY] = checkpoint.signature.get(RANGE_KEY, "")
        check_unchanged(checkpoint.signature, signature, partial_path(output))
    except OutputError as error:
        return 0, error.problem
    return checkpoint.resume_point.frames, ""


def _run_warnings(video: VideoInfo, output: Path, resumed_frames: int, resume_problem: str) -> list[str]:
    streams = (
        f"{plan.stream.kind} {plan.stream.codec}: {plan.action}, {plan.reason}"
        for plan in plan_streams(video, output)
        if plan.reason
    )
    resumes = [f"resumes after frame {resumed_frames}"] if resumed_frames else []
    problems = [resume_problem] if resume_problem else []
    return [*resumes, *problems, *streams]


def _probe(path: Path, modified: int) -> VideoInfo:
    """Probe a video by its header; `modified`, the time of its file, is a key of the cache."""
    return probe_header(path)


def _crop_to_size(image: RgbImage | None, size: tuple[int, int]) -> RgbImage | None:
    """Return the largest centred crop with the aspect ratio of `size`, resized to (width, height) `size`."""
    if image is None:
        return None
    (height, width), ratio = image.shape[:2], size[0] / size[1]
    crop_width, crop_height = min(width, max(1, round(height * ratio))), min(height, max(1, round(width / ratio)))
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return resize(image[top : top + crop_height, left : left + crop_width], size)


def _to_json(image: RgbImage | None) -> Result | None:
    if image is None:
        return None
    return {
        "width": image.shape[1],
        "height": image.shape[0],
        "pixels": base64.b64encode(image.tobytes()).decode(),
    }
