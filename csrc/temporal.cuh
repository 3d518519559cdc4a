// What ties a frame x to the previous output W, warped, and to its own stylisation J. In 0..255 units, n = 3 H W:
//     255^2 / n  sum  temporal c (x - W)^2 + pixel (x - J)^2 + tv |grad (x - centre)|^2
// The first two are one parabola a pixel: of stiffness temporal c + pixel, around the centre
// (temporal c W + pixel J) / stiffness, above a floor of temporal c pixel / stiffness (W - J)^2.
#pragma once
#include "portable.cuh"

template <typename Real>
struct Parabola {
    Real stiffness, share;  // share of W in the centre; 0 where nothing holds the pixel
};

template <typename Real>
PIXEL Parabola<Real> parabola(Real trust, Real temporal_weight, Real pixel_weight) {
    const Real pull = temporal_weight * trust, stiffness = pull + pixel_weight;
    return {stiffness, stiffness > Real(0) ? pull / stiffness : Real(0)};
}

template <typename Real>
struct Pull {
    Real loss, slope;  // in units of 255^2 / n, the slope halved
};

// `away` is x - centre here; beyond the edge of the picture a neighbour is as far away as the pixel itself, so that
// their difference is 0. Each pair of neighbours counts once in the loss, by its right or lower end's left or upper one.
template <typename Real>
PIXEL Pull<Real> pull(Real away, Real left, Real right, Real above, Real below, Real stiffness, Real tv_weight) {
    const Real to_right = away - right, to_below = away - below;
    const Real held = stiffness * away;
    return {held * away + tv_weight * (squared(to_right) + squared(to_below)),
            held + tv_weight * (to_right + to_below + (away - left) + (away - above))};
}
