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

// Returns the squared gradient of one flow component, times four: differences are taken over two pixels.
template <typename Real>
PIXEL Real squared_gradient(const Real* component, int x, int y, int height, int width) {
    const Real* row = component + y * width;
    const Real dx = row[clamp_index(x + 1, width)] - row[clamp_index(x - 1, width)];
    const Real dy =
        component[clamp_index(y + 1, height) * width + x] - component[clamp_index(y - 1, height) * width + x];
    return square(dx) + square(dy);
}

template <typename Real>
PIXEL bool is_motion_boundary(const Real* backward, int x, int y, int height, int width) {
    const int area = height * width, pixel = y * width + x;
    const Real gradient =
        (squared_gradient(backward, x, y, height, width) + squared_gradient(backward + area, x, y, height, width)) / 4;
    return gradient > (square(backward[pixel]) + square(backward[area + pixel])) * Real(0.01) + Real(0.002);
}

// Returns the weight of a pixel before smoothing: 1, 0 or -1.
template <typename Real>
PIXEL Real unsmoothed_weight(const Real* backward, const Real* forward, int x, int y, int height, int width) {
    const int area = height * width, pixel = y * width + x;
    const Real u = backward[pixel], v = backward[area + pixel];
    const Real previous_x = Real(x) + u, previous_y = Real(y) + v;
    const Taps<Real, 2> taps_x = linear_taps(previous_x, width), taps_y = linear_taps(previous_y, height);
    const Real forward_u = interpolate(forward, width, taps_x, taps_y);
    const Real forward_v = interpolate(forward + area, width, taps_x, taps_y);
    const bool disoccluded =
        flows_disagree(u, v, forward_u, forward_v) | is_outside(previous_x, previous_y, height, width);
    return disoccluded ? Real(-1) : is_motion_boundary(backward, x, y, height, width) ? Real(0) : Real(1);
}

// Returns by how much the squared difference of a pixel from the previous frame exceeds what the gradient explains.
template <typename Real>
PIXEL Real photometric_excess(const Real* backward, const Real* previous, const Real* image, int x, int y, int height,
                              int width) {
    const int area = height * width, pixel = y * width + x;
    const Taps<Real, 2> taps_x = linear_taps(Real(x) + backward[pixel], width);
    const Taps<Real, 2> taps_y = linear_taps(Real(y) + backward[area + pixel], height);
    const Real difference = image[pixel] - interpolate(previous, width, taps_x, taps_y);
    return square(difference) - squared_gradient(image, x, y, height, width) / 2;  // the gradient is over two pixels
}

// Returns the weight of a pixel before smoothing, by the sum of the excess over 5x5 pixels.
template <typename Real>
PIXEL Real unsmoothed_photometric_weight(const Real* backward, Real excess, int x, int y, int height, int width) {
    const int area = height * width, pixel = y * width + x;
    const bool outside = is_outside(Real(x) + backward[pixel], Real(y) + backward[area + pixel], height, width);
    const bool another = (excess > Real(EXCESS)) | outside;
    return another ? Real(-1) : is_motion_boundary(backward, x, y, height, width) ? Real(0) : Real(1);
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
