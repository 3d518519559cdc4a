"""The demo film's sound: a tune with wind, birds and a train."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 48000
"""Samples a second."""

_BEAT = 0.625
_BEATS = 8
_LAKE_SECONDS = 3.0

_TUNE = (  # beat, note as MIDI counts, loudness: D major without its fourth and seventh
    (0, 74, 0.8), (0.5, 78, 0.6), (1, 81, 0.9), (1.5, 83, 0.6), (2, 81, 0.8), (2.5, 78, 0.5), (3, 76, 0.7),
    (3.5, 78, 0.5), (4, 74, 0.8), (4.8, 76, 0.6), (5.3, 78, 0.7), (5.8, 81, 0.8), (6.3, 86, 0.9), (7, 81, 0.5),
)  # fmt: skip
_CHORDS = ((0, (50, 57, 62, 66)), (2, (55, 59, 62, 69)), (4.8, (47, 54, 62, 66)), (6.3, (50, 57, 64, 66)))
"""Beat at which each chord begins, and its notes."""

Samples = NDArray[np.float32]


def soundtrack(seconds: float) -> Samples:
    """Return [2, n] samples in -1 to 1, left and right, fading out at the end; longer films repeat the tune."""
    tune = _tune()
    count = round(seconds * RATE)
    sound = np.tile(tune, (1, -(-count // tune.shape[1])))[:, :count].copy()
    fade = min(count, RATE // 2)
    sound[:, count - fade :] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return sound


def _tune() -> Samples:
    """Return five seconds of all voices with reverb."""
    rng = np.random.default_rng(2016)
    length = round(_BEATS * _BEAT * RATE)
    dry = np.zeros((2, length), np.float64)
    for beat, note, loudness in _TUNE:
        _add(dry, beat * _BEAT, _bell(note) * loudness * 0.16, 0.5 + 0.3 * np.sin(note))
    for (beat, notes), until in zip(_CHORDS, [*(start for start, _ in _CHORDS[1:]), _BEATS], strict=True):
        for voice, note in enumerate(notes):
            _add(dry, beat * _BEAT, _strings(note, (until - beat) * _BEAT + 0.3) * 0.03, 0.2 + 0.2 * voice)
    for start in (0.35, 0.62, 1.7, 2.2, 2.42):
        _add(dry, start, _chirp(rng) * 0.035, rng.uniform(0.2, 0.8))
    for start in np.arange(_LAKE_SECONDS, 5.0, 0.19):
        _add(dry, start, _puff(rng) * 0.05, 0.7 - 0.2 * (start - _LAKE_SECONDS))
    _add(dry, _LAKE_SECONDS + 0.12, _whistle() * 0.045, 0.65)
    mixed = _add_reverb(dry, rng) + 0.022 * _wind(length, rng)
    return np.asarray(mixed * (0.6 / np.abs(mixed).max()), np.float32)


def _add(mix: NDArray[np.float64], start: float, voice: NDArray[np.float64], pan: float) -> None:
    """Add a voice at its time; `pan` is 0 for left and 1 for right."""
    at = round(start * RATE)
    voice = voice[: mix.shape[1] - at]
    mix[0, at : at + len(voice)] += voice * np.cos(pan * np.pi / 2)
    mix[1, at : at + len(voice)] += voice * np.sin(pan * np.pi / 2)


def _sample_times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE)) / RATE


def _pitch(note: float) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _bell(note: float) -> NDArray[np.float64]:
    """Return a struck bar: a few partials, of which the higher decay faster."""
    t, pitch = _sample_times(1.9), _pitch(note)
    partials = ((1, 1.0, 2.6), (2, 0.35, 4.0), (3.01, 0.16, 7.0), (5.4, 0.08, 14.0))
    voices = (level * np.sin(2 * np.pi * pitch * ratio * t) * np.exp(-decay * t) for ratio, level, decay in partials)
    return np.asarray(sum(voices) * np.minimum(1, t / 0.004))


def _strings(note: float, seconds: float) -> NDArray[np.float64]:
    """Return two slightly detuned strings that fade in and out."""
    t, pitch = _sample_times(seconds), _pitch(note)
    swell = np.minimum(1, t / 0.35) * np.minimum(1, (seconds - t) / 0.3)
    voices = (np.sin(2 * np.pi * pitch * h * d * t) / h**1.6 for h in range(1, 7) for d in (0.9985, 1.0015))
    return np.asarray(sum(voices) * swell)


def _chirp(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a bird: three quick falling notes."""
    t = _sample_times(0.24)
    part = (t * 12.5) % 1
    pitch = rng.uniform(3200, 4200) + 900 * (1 - part) ** 2
    return np.asarray(np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.sin(np.pi * part) ** 2)


def _puff(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return one beat of a steam engine."""
    t = _sample_times(0.16)
    return np.asarray(_band_noise(len(t), 250, 1400, rng) * np.exp(-t / 0.045) * np.minimum(1, t / 0.008))


def _whistle() -> NDArray[np.float64]:
    """Return a distant steam whistle: three notes at once."""
    t = _sample_times(0.75)
    swell = np.minimum(1, t / 0.09) * np.minimum(1, (0.75 - t) / 0.3)
    bend = 1 - 0.02 * np.exp(-t / 0.08)
    voices = (np.sin(2 * np.pi * np.cumsum(_pitch(note) * bend) / RATE) for note in (74, 78, 81))
    return np.asarray(sum(voices) * swell)


def _wind(length: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return gusts of wind, different in each channel."""
    t = np.arange(length) / RATE
    gusts = 0.6 + 0.4 * np.sin(2 * np.pi * t / 5 + np.array([[0.0], [1.1]]))
    return np.asarray(gusts * [_band_noise(length, 90, 620, rng) for _ in range(2)])


def _band_noise(length: int, low: float, high: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise between two frequencies, with a standard deviation of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    pitch = np.fft.rfftfreq(length, 1 / RATE) + 1
    noise = np.fft.irfft(spectrum / (1 + (low / pitch) ** 4) / (1 + (pitch / high) ** 3), length)
    return np.asarray(noise / noise.std())


def _add_reverb(dry: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Add reverb: convolve with noise that decays within a second."""
    t = _sample_times(1.0)
    echo = rng.standard_normal((2, len(t))) * np.exp(-t / 0.22) * np.minimum(1, t / 0.02)
    echo *= 0.35 / np.linalg.norm(echo, axis=1, keepdims=True)
    size = 1 << (dry.shape[1] + len(t)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(echo, size), size)
    return dry + wet[:, : dry.shape[1]]
