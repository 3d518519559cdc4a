"""Writes the output as an image sequence: each image is written under another name first, and published whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from streamstyle.errors import OutputError
from streamstyle.files import atomic_write
from streamstyle.frames import OutputFrame
from streamstyle.media.exr import encode_exr
from streamstyle.media.frame_converter import resize_alpha
from streamstyle.media.image_frames import image_format
from streamstyle.media.image_sequence import first_number, numbered
from streamstyle.media.images import encode_image
from streamstyle.media.output_file import output_errors
from streamstyle.media.output_names import check_output
from streamstyle.ops.transfer import to_host, to_host_deep
from streamstyle.resume.sequence_checkpoints import SequenceCheckpoints
from streamstyle.settings import EncoderSettings
from streamstyle.video_info import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SequenceWriter:
    """Takes images in display order, as `VideoWriter` does."""

    def __init__(
        self, video: VideoInfo, output: Path, settings: EncoderSettings, checkpoints: SequenceCheckpoints | None
    ) -> None:
        """Create the folder of the images if only that is missing. Raises OutputError."""
        check_output(output, [video.path])
        self.partial = output
        self.frames = checkpoints.resume.frames if checkpoints else 0
        """Frames written so far, those of an earlier run included."""
        self._video, self._checkpoints = video, checkpoints
        self._first = first_number(video)
        self._is_deep, self._has_alpha = image_format(video, output, settings.pix_fmt)
        with output_errors(output):
            output.parent.mkdir(exist_ok=True)

    def copy_resumed(self, stop: threading.Event) -> None:
        """Do nothing: the images of an earlier run are where they belong."""

    def write_frame(self, frame: OutputFrame) -> None:
        """Write the image of a frame. Raises OutputError."""
        path = numbered(self.partial, self._first + self.frames)
        levels = self._levels(frame)
        data = encode_exr(levels) if path.suffix.lower() == ".exr" else encode_image(levels, path.suffix)
        with output_errors(path):
            atomic_write(path, data)
        self.frames += 1
        if self._checkpoints:
            self._checkpoints.frame_written(frame)

    def _levels(self, frame: OutputFrame) -> NDArray[Any]:
        """Return [H, W, 3] RGB or [H, W, 4] RGBA in the bits of the images."""
        rgb: NDArray[Any] = to_host_deep(frame.image) if self._is_deep else to_host(frame.image)
        if not self._has_alpha:
            return rgb
        height, width = rgb.shape[:2]
        opaque = np.full((height, width), 65535, np.uint16)
        alpha = opaque if frame.alpha is None else resize_alpha(frame.alpha, width, height)
        return np.dstack([rgb, alpha if self._is_deep else np.rint(alpha / 257).astype(np.uint8)])

    def publish(self, before_rename: Callable[[], None] = lambda: None) -> None:
        """Remove what only resuming needs. OutputError if there is no image."""
        if self.frames == 0:
            raise OutputError(
                f"{self.partial} would be empty: {self._video.path.name} has no frame that can be decoded",
                "Give another film, or another part of it.",
            )
        before_rename()
        if self._checkpoints:
            self._checkpoints.finish()
            self._checkpoints = None

    def close(self) -> None:
        """Note where a later run resumes, unless all is written."""
        if self._checkpoints:
            self._checkpoints.close()

    def warnings(self, *, stopped: bool) -> Iterator[str]:
        """Yield problems that did not prevent the output from being written."""
        if self._checkpoints:
            yield from self._checkpoints.warnings(stopped=stopped)
        if not stopped and self._video.frames is not None and self.frames < self._video.frames:
            name = self._video.path.name
            yield f"{self.frames} of {self._video.frames} frames could be read; {name} may be damaged"
