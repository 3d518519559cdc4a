"""Which frames are resume points, and which of them have reached the file as keyframes."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

from streamstyle.resume.checkpoint import ResumePoint
from streamstyle.resume.packet_digest import Digest

MIN_SECONDS = Fraction(1)
"""Seconds of video after which a cut becomes a resume point: encoders place a keyframe there by themselves."""

MUX_DELAY = Fraction(1, 2)
"""Seconds of video that have to be muxed after a packet before it counts as written to the file.

The muxer is set up to hold back 0.1 s to interleave streams and, in Matroska, 0.25 s until a cluster is complete.
"""


class KeyframeTracker:
    """Chooses resume points and follows their packets into the file.

    A run can resume at a frame whose packet left the encoder as a keyframe, after the packets of all earlier frames and
    before those of all later ones. This is checked, not assumed: an encoder that never does so gives no resume points.
    """

    def __init__(self, interval: Fraction, packets: int = 0) -> None:
        """`interval` is the seconds of video between two resume points, `packets` how many the file holds already."""
        self._interval = interval
        self.packets = packets
        """Packets muxed so far."""
        self._latest_pts: int | None = None
        self._last_chosen: Fraction | None = None
        self._expected: deque[tuple[ResumePoint, int]] = deque()
        self._muxed: deque[tuple[ResumePoint, Digest, Fraction]] = deque()

    def is_due(
        self,
        time: Fraction,  # seconds
        cut: bool,
    ) -> bool:
        """Return whether the frame shown at `time` is to be a resume point: the same frames in every run."""
        if self._last_chosen is None:
            # The first frame of the video is a keyframe anyway; the first after resumed frames confirms those.
            self._last_chosen = time
            return self.packets > 0
        if time - self._last_chosen < (MIN_SECONDS if cut else self._interval):
            return False
        self._last_chosen = time
        return True

    def expect(self, point: ResumePoint, pts: int) -> None:
        """Expect the keyframe that the encoder was asked for at `pts`, in ticks of the encoder."""
        self._expected.append((point, pts))

    def packet_muxed(
        self,
        pts: int | None,  # ticks of the encoder
        is_keyframe: bool,
        decode_time: Fraction,  # seconds
        before: Digest,  # of the packets before it
    ) -> tuple[ResumePoint, Digest] | None:
        """Count a packet; return the latest resume point that has been written to the file by now, if there is one.

        It comes with the digest of its packets.
        """
        while self._expected and self._expected[0][0].frames < self.packets:
            self._expected.popleft()
        if self._expected and self._expected[0][0].frames == self.packets:
            point, expected_pts = self._expected.popleft()
            if is_keyframe and pts == expected_pts and (self._latest_pts is None or self._latest_pts < pts):
                self._muxed.append((point, before, decode_time))
        self.packets += 1
        self._latest_pts = max(pts or 0, self._latest_pts or 0)
        written = None
        while self._muxed and decode_time - self._muxed[0][2] >= MUX_DELAY:
            written = self._muxed.popleft()[:2]
        return written
