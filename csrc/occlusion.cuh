// The consistency weight: how far the previous frame can be trusted to show the same thing (Sundaram, Brox and Keutzer,
// ECCV 2010, with the constants of Ruder, Dosovitskiy and Brox, arXiv 1604.08610). With the backward flow b, and f~ the
// forward flow sampled at p + b(p):
//     disoccluded       |f~ + b|^2 > 0.01 (|f~|^2 + |b|^2) + 0.5, or p + b(p) is outside the image     -1
//     motion boundary   |grad u|^2 + |grad v|^2 > 0.01 |b|^2 + 0.002                                    0
//     otherwise                                                                                         1
// These values are smoothed by a 5x5 Gaussian of sigma 0.8, by which disocclusions grow, and clipped to [0, 1].
//
// The photometric weight needs no forward flow. With grey levels I of this frame and I' of the previous one, and means over
// 5x5 pixels, it is -1 not where flows disagree, but where
//     something else is seen   mean((I(p) - I'(p + b(p)))^2) - 2 mean(|grad I|^2) > 16^2
#pragma once
#include "gradient.cuh"
#include "warp.cuh"

#define EDGE_TOLERANCE 0.125  // pixels outside the image that still count as its edge: flow of a still camera is noisy
#define RADIUS 2              // pixels, of the Gaussian, and of the squares that photometric differences are summed over
#define EXCESS (25 * 16 * 16)  // squared levels over 5x5 pixels

// Returns exp(-distance^2 / (2 * 0.8^2)), normalised over the five taps.
template <typename Real>
PIXEL Real gaussian(int distance) {
    return distance == 0   ? Real(0.49911641840967956)
           : distance == 1 ? Real(0.22851214768865294)
                           : Real(0.021929643106507287);
}

template <typename Real>
PIXEL bool is_outside(Real x, Real y, int height, int width) {
    const Real tolerance = Real(EDGE_TOLERANCE);
    return (x < -tolerance) | (x > Real(width - 1) + tolerance) | (y < -tolerance) | (y > Real(height - 1) + tolerance);
}

template <typename Real>
PIXEL bool flows_disagree(Real backward_u, Real backward_v, Real forward_u, Real forward_v) {
    const Real length = (square(forward_u) + square(forward_v)) + (square(backward_u) + square(backward_v));
    return square(forward_u + backward_u) + square(forward_v + backward_v) > length * Real(0.01) + Real(0.5);
}

// `gradient` is four times the sum of the squared gradients of both components.
template <typename Real>
PIXEL bool changes_abruptly(Real u, Real v, Real gradient) {
    return gradient / 4 > (square(u) + square(v)) * Real(0.01) + Real(0.002);
}

// Returns what `interpolate` does, by indices from one address, which compilers can turn into gathers for many pixels.
template <typename Real>
PIXEL Real interpolate_linearly(const Real* channel, int width, const Taps<Real, 2>& x, const Taps<Real, 2>& y) {
    const int upper = y.index[0] * width, lower = y.index[1] * width;
    const Real upper_sum = x.weight[0] * channel[upper + x.index[0]] + x.weight[1] * channel[upper + x.index[1]];
    const Real lower_sum = x.weight[0] * channel[lower + x.index[0]] + x.weight[1] * channel[lower + x.index[1]];
    return y.weight[0] * upper_sum + y.weight[1] * lower_sum;
}

// Returns the weight of a pixel before smoothing: 1, 0 or -1. Its flow is (u, v), with that gradient.
template <typename Real>
PIXEL Real unsmoothed_weight(const Real* forward, Real u, Real v, Real gradient, int x, int y, int height, int width) {
    const Real previous_x = Real(x) + u, previous_y = Real(y) + v;
    const Taps<Real, 2> taps_x = linear_taps(previous_x, width), taps_y = linear_taps(previous_y, height);
    const Real forward_u = interpolate_linearly(forward, width, taps_x, taps_y);
    const Real forward_v = interpolate_linearly(forward + height * width, width, taps_x, taps_y);
    const bool disoccluded =
        flows_disagree(u, v, forward_u, forward_v) | is_outside(previous_x, previous_y, height, width);
    return disoccluded ? Real(-1) : changes_abruptly(u, v, gradient) ? Real(0) : Real(1);
}

// Returns by how much the squared difference of a pixel from the previous frame, sampled where the flow leads, exceeds
// what the gradient, times four, explains.
template <typename Real>
PIXEL Real photometric_excess(const Real* previous, Real image, Real x, Real y, Real gradient, int height, int width) {
    const Taps<Real, 2> taps_x = linear_taps(x, width), taps_y = linear_taps(y, height);
    return square(image - interpolate_linearly(previous, width, taps_x, taps_y)) - gradient / 2;
}

// Returns the weight of a pixel before smoothing, by the sum of the excess over 5x5 pixels.
template <typename Real>
PIXEL Real unsmoothed_photometric_weight(Real u, Real v, Real gradient, Real excess, int x, int y, int height,
                                         int width) {
    const bool another = (excess > Real(EXCESS)) | is_outside(Real(x) + u, Real(y) + v, height, width);
    return another ? Real(-1) : changes_abruptly(u, v, gradient) ? Real(0) : Real(1);
}

// Returns the Gaussian mean of five values in a row, or in a column.
template <typename Real>
PIXEL Real smooth(Real before2, Real before1, Real centre, Real after1, Real after2) {
    return gaussian<Real>(0) * centre + gaussian<Real>(1) * (before1 + after1) + gaussian<Real>(2) * (before2 + after2);
}

template <typename Real>
PIXEL Real clip_weight(Real weight) {
    return weight < Real(0) ? Real(0) : weight < Real(1) ? weight : Real(1);
}
