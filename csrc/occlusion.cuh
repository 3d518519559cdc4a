// How far a pixel of the earlier frame can be trusted to show the same thing (Sundaram, Brox and Keutzer, ECCV 2010,
// with the constants of Ruder, Dosovitskiy and Brox, arXiv 1604.08610). With backward flow b and forward flow f~, read
// where b leads:
//     disoccluded       |f~ + b|^2 > 0.01 (|f~|^2 + |b|^2) + 0.5, or b leads out of the picture     -1
//     motion boundary   |grad u|^2 + |grad v|^2 > 0.01 |b|^2 + 0.002                                 0
//     else                                                                                           1
// What is disoccluded grows outward: the whole is smoothed by a Gaussian of sigma 0.8 over 5x5 pixels, then clipped to
// [0, 1].
#pragma once
#include "warp.cuh"

#define RIM 0.125  // pixels outside that still count as the edge: the flow of a still camera trembles so
#define REACH 2    // pixels that disocclusions grow

template <typename Real>
PIXEL Real growth(int step) {  // exp(-step^2 / (2 * 0.8^2)), scaled to sum up to 1
    return step == 0 ? Real(0.49911641840967956) : step == 1 ? Real(0.22851214768865294) : Real(0.021929643106507287);
}

template <typename Real>
PIXEL bool from_outside(Real x, Real y, int height, int width) {
    const Real rim = Real(RIM);
    return (x < -rim) | (x > Real(width - 1) + rim) | (y < -rim) | (y > Real(height - 1) + rim);
}

template <typename Real>
PIXEL bool disagree(Real backward_u, Real backward_v, Real forward_u, Real forward_v) {
    const Real length = (squared(forward_u) + squared(forward_v)) + (squared(backward_u) + squared(backward_v));
    return squared(forward_u + backward_u) + squared(forward_v + backward_v) > length * Real(0.01) + Real(0.5);
}

// The squared central difference of one component of the flow.
template <typename Real>
PIXEL Real steepness(const Real* component, int x, int y, int height, int width) {
    const Real* row = component + y * width;
    const Real across = row[clamped(x + 1, width)] - row[clamped(x - 1, width)];
    const Real down = component[clamped(y + 1, height) * width + x] - component[clamped(y - 1, height) * width + x];
    return squared(across) + squared(down);
}

// 1, 0 or -1, before it grows.
template <typename Real>
PIXEL Real verdict(const Real* backward, const Real* forward, int x, int y, int height, int width) {
    const int area = height * width, here = y * width + x;
    const Real u = backward[here], v = backward[area + here];
    const Real there_x = Real(x) + u, there_y = Real(y) + v;
    const Taps<Real, 2> across = linear_taps(there_x, width), down = linear_taps(there_y, height);
    const Real forward_u = gathered(forward, width, across, down);
    const Real forward_v = gathered(forward + area, width, across, down);
    const Real slope = (steepness(backward, x, y, height, width) + steepness(backward + area, x, y, height, width)) / 4;
    const bool lost = disagree(u, v, forward_u, forward_v) | from_outside(there_x, there_y, height, width);
    const bool torn = slope > (squared(u) + squared(v)) * Real(0.01) + Real(0.002);
    return lost ? Real(-1) : torn ? Real(0) : Real(1);
}

// Five verdicts in a row, or five such sums in a column.
template <typename Real>
PIXEL Real grown(Real before2, Real before1, Real here, Real after1, Real after2) {
    return growth<Real>(0) * here + growth<Real>(1) * (before1 + after1) + growth<Real>(2) * (before2 + after2);
}

template <typename Real>
PIXEL Real clipped(Real weight) {
    return weight < Real(0) ? Real(0) : weight < Real(1) ? weight : Real(1);
}
