"""The settings of a run: frozen dataclasses, one per stage, that raise SettingsError for a value that cannot work.

The options of the command line, their help texts and the fields of the TUI derive from these dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamstyle.errors import SettingsError
from streamstyle.looks import Look, Looks, Mask, StyleBlend
from streamstyle.settings.choices import Deinterlace, Device, Distribute, FlowCheck, FlowPreset, Init, Method
from streamstyle.settings.stages import (
    MAX_LOOKBACK,
    MAX_SIDE,
    MAX_UPSCALE,
    MIN_SIDE,
    ClusterSettings,
    ConsistencySettings,
    EncoderSettings,
    FlowSettings,
    RuderSettings,
    SourceSettings,
    StyleSettings,
    UpscaleSettings,
    cli_field,
    require,
)

__all__ = [
    "MAX_LOOKBACK", "MAX_SIDE", "MAX_THREADS", "MAX_UPSCALE", "MIN_SIDE", "ClusterSettings", "ConsistencySettings",
    "Deinterlace", "Device", "Distribute", "EncoderSettings", "FlowCheck", "FlowPreset", "FlowSettings", "Init",
    "Method", "RuderSettings", "Settings", "SourceSettings", "StyleSettings", "UpscaleSettings", "cli_field", "require",
]  # fmt: skip

MAX_THREADS = 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run; video, style and output are separate."""

    source: SourceSettings = SourceSettings()
    flow: FlowSettings = FlowSettings()
    consistency: ConsistencySettings = ConsistencySettings()
    ruder: RuderSettings = RuderSettings()
    style: StyleSettings = StyleSettings()
    upscale: UpscaleSettings = UpscaleSettings()
    encoder: EncoderSettings = EncoderSettings()
    device: Device = cli_field(Device.auto, "Device to run the networks on.")
    threads: int = cli_field(
        0, f"CPU threads of the networks and of optical flow, 1 to {MAX_THREADS}; 0: one per core."
    )
    script: Looks | None = None
    """Looks by time and place, instead of the one look that style and `StyleSettings` are."""
    mask: Mask | None = None
    """Where that one look holds; None if everywhere."""

    def __post_init__(self) -> None:
        require(
            0 <= self.threads <= MAX_THREADS,
            "--threads",
            self.threads,
            f"Give 1 to {MAX_THREADS}, or 0 to choose it by the number of cores.",
        )
        if (self.script or self.mask) and self.consistency.method is Method.ruder:
            raise SettingsError(
                "--script and --mask work with every --method but ruder", "Give live, consistent or johnson."
            )

    def look(self, style: StyleBlend) -> Look:
        """Return the one look that a style and its settings are."""
        return Look(style, self.style.strength, self.style.style_scale, float(self.style.preserve_colour))

    def looks(self, style: StyleBlend) -> Looks:
        """Return the looks of the script; without one, that of the style for all of the film."""
        return Looks.constant(self.look(style), self.mask) if self.script is None else self.script

    @property
    def is_original(self) -> bool:
        """Whether every frame stays as it is, whatever the method."""
        return self.style.strength == 0 if self.script is None else self.script.is_original

    @property
    def methods(self) -> frozenset[Method]:
        """The method of the run, or those of the shots of its script."""
        stated = frozenset({""}) if self.script is None else self.script.methods
        return frozenset(Method(name or self.consistency.method) for name in stated)

    @property
    def needs_flow(self) -> bool:
        """Whether motion from frame to frame is needed."""
        return self.methods != {Method.johnson} and not self.is_original

    def flow_check(self, stated: str = "") -> FlowCheck:
        """How it is told where flow can be trusted, in a shot that states a method: in both directions where it is
        optimised."""
        optimised = Method(stated or self.consistency.method) in (Method.consistent, Method.ruder)
        return FlowCheck.forward_backward if optimised else FlowCheck.photometric

    @property
    def is_multi_pass(self) -> bool:
        """Whether each shot is optimised several times, forward and backward."""
        return self.consistency.method is Method.ruder and self.ruder.passes > 1
