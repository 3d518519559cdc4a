// A picture read between its pixels. Beyond its edge it goes on as its edge pixel; (0, 0) is the centre of the first.
// Bilinear, or Keys' cubic kernel with a = -0.75 (Cubic convolution interpolation, IEEE TASSP 29(6), 1981):
//     near(x) = (a + 2) x^3 - (a + 3) x^2 + 1          for x up to 1
//     far(x)  = a x^3 - 5 a x^2 + 8 a x - 4 a          for x from 1 to 2
#pragma once
#include "portable.cuh"

// The N neighbours of a place along one axis, and how much each counts.
template <typename Real, int N>
struct Taps {
    int at[N];
    Real weight[N];
};

// A place that is not a number, as broken flow may be, reads the first pixel.
template <typename Real>
PIXEL Real inside(Real place, int size) {
    const Real last = Real(size - 1);
    return place > Real(0) ? (place < last ? place : last) : Real(0);
}

template <typename Real>
PIXEL Taps<Real, 2> linear_taps(Real place, int size) {
    const Real here = inside(place, size);
    const int first = int(here);
    const Real part = here - Real(first);
    return {{first, clamped(first + 1, size)}, {Real(1) - part, part}};
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
PIXEL Taps<Real, 4> cubic_taps(Real place, int size) {
    const Real here = inside(place, size);
    const int first = int(here);
    const Real part = here - Real(first);
    return {{clamped(first - 1, size), first, clamped(first + 1, size), clamped(first + 2, size)},
            {keys_far(Real(1) + part), keys_near(part), keys_near(Real(1) - part), keys_far(Real(2) - part)}};
}

template <typename Real, int N>
PIXEL Real gathered(const Real* plane, int width, const Taps<Real, N>& x, const Taps<Real, N>& y) {
    Real total = Real(0);
    UNROLL
    for (int j = 0; j < N; ++j) {
        const Real* row = plane + y.at[j] * width;
        Real across = Real(0);
        UNROLL
        for (int i = 0; i < N; ++i) across += x.weight[i] * row[x.at[i]];
        total += y.weight[j] * across;
    }
    return total;
}
