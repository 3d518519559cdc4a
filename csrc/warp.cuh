// Sampling an image between its pixels. (0, 0) is the centre of the first pixel; outside the image its edge pixels are
// repeated. Bilinear, or Keys' cubic kernel with a = -0.75 (Cubic convolution interpolation, IEEE TASSP 29(6), 1981):
//     near(x) = (a + 2) x^3 - (a + 3) x^2 + 1          for 0 <= x <= 1
//     far(x)  = a x^3 - 5 a x^2 + 8 a x - 4 a          for 1 <= x <= 2
// or Lanczos' kernel with six taps, sinc(x) sinc(x / 3), whose weights come from a table: positions are rounded to the
// PHASES steps per pixel that flows are stored with.
#pragma once
#include "portable.cuh"

// The N pixels along one axis that a sample is interpolated from, and their weights.
template <typename Real, int N>
struct Taps {
    int index[N];
    Real weight[N];
};

// Returns the position clamped to the image. NaN, as invalid flow may contain, becomes the first pixel.
template <typename Real>
PIXEL Real clamp_position(Real position, int size) {
    const Real inside = position > Real(0) ? position : Real(0), last = Real(size - 1);
    return inside < last ? inside : last;
}

template <typename Real>
PIXEL Taps<Real, 2> linear_taps(Real position, int size) {
    const Real inside = clamp_position(position, size);
    const int first = int(inside);
    const Real fraction = inside - Real(first);
    return {{first, clamp_index(first + 1, size)}, {Real(1) - fraction, fraction}};
}

template <typename Real>
PIXEL Real keys_near(Real x) {
    return (Real(1.25) * x - Real(2.25)) * x * x + Real(1);
}

template <typename Real>
PIXEL Real keys_far(Real x) {
    return ((Real(-0.75) * x + Real(3.75)) * x - Real(6)) * x + Real(3);
}

template <typename Real>
PIXEL Taps<Real, 4> cubic_taps(Real position, int size) {
    const Real inside = clamp_position(position, size);
    const int first = int(inside);
    const Real fraction = inside - Real(first);
    return {{clamp_index(first - 1, size), first, clamp_index(first + 1, size), clamp_index(first + 2, size)},
            {keys_far(Real(1) + fraction), keys_near(fraction), keys_near(Real(1) - fraction),
             keys_far(Real(2) - fraction)}};
}

const int PHASES = 64, LANCZOS_TAPS = 6, LANCZOS_BEFORE = 2;  // taps before the pixel that a position is in

// A position on one axis, in PHASES steps per pixel.
struct Phase {
    int first, phase;
};

template <typename Real>
PIXEL Phase phase_at(Real position, int size) {
    const int steps = int(clamp_position(position, size) * Real(PHASES) + Real(0.5));
    return {steps / PHASES, steps % PHASES};
}

// `table` is [PHASES, LANCZOS_TAPS].
template <typename Real>
PIXEL Taps<Real, LANCZOS_TAPS> lanczos_taps(Real position, int size, const Real* table) {
    const Phase at = phase_at(position, size);
    Taps<Real, LANCZOS_TAPS> taps;
    UNROLL
    for (int k = 0; k < LANCZOS_TAPS; ++k) {
        taps.index[k] = clamp_index(at.first + k - LANCZOS_BEFORE, size);
        taps.weight[k] = table[at.phase * LANCZOS_TAPS + k];
    }
    return taps;
}

template <typename Real, int N>
PIXEL Real interpolate(const Real* channel, int width, const Taps<Real, N>& x, const Taps<Real, N>& y) {
    Real sum = Real(0);
    UNROLL
    for (int j = 0; j < N; ++j) {
        const Real* row = channel + y.index[j] * width;
        Real row_sum = Real(0);
        UNROLL
        for (int i = 0; i < N; ++i) row_sum += x.weight[i] * row[x.index[i]];
        sum += y.weight[j] * row_sum;
    }
    return sum;
}
