// The temporal objective of a frame x, from W, the previous output warped to it, J, its own stylisation, and c, the
// consistency weight. In 0..255 units, with n = 3 H W:
//     255^2 / n  sum  temporal c (x - W)^2 + pixel (x - J)^2 + tv |grad (x - centre)|^2
// The first two terms are one parabola per pixel, weight (x - centre)^2 + minimum, with weight = temporal c + pixel,
// centre = (temporal c W + pixel J) / weight and minimum = temporal c pixel / weight (W - J)^2.
#pragma once
#include "portable.cuh"

template <typename Real>
struct Parabola {
    Real weight, carried_share;  // carried_share: of W in the centre; 0 where the weight is 0
};

template <typename Real>
PIXEL Parabola<Real> parabola(Real trust, Real temporal_weight, Real pixel_weight) {
    const Real temporal = temporal_weight * trust, weight = temporal + pixel_weight;
    return {weight, weight > Real(0) ? temporal / weight : Real(0)};
}

template <typename Real>
struct LossAndGradient {
    Real loss, half_gradient;  // in units of 255^2 / n
};

// `offset` is x - centre at the pixel, the others are those of its neighbours. Outside the image a neighbour repeats
// the pixel, so that the difference is 0. Each pair of neighbours counts once in the loss: at its left or upper pixel.
template <typename Real>
PIXEL LossAndGradient<Real> loss_and_gradient(Real offset, Real left, Real right, Real above, Real below, Real weight,
                                              Real tv_weight) {
    const Real right_step = offset - right, lower_step = offset - below;
    const Real weighted = weight * offset;
    return {weighted * offset + tv_weight * (square(right_step) + square(lower_step)),
            weighted + tv_weight * (right_step + lower_step + (offset - left) + (offset - above))};
}
