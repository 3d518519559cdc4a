// Layers of a stylised film, carried along the flow (streamstyle/ops/layers.py says why). Planes: coarse layer 0 to 2,
// first detail layer 3 to 5, second 6 to 8, luma of the source 9. With c the trust in what is carried, coarse and luma
// are averaged, with the share a c / (a c + b) of what is carried; detail layers are not: d' = lerp(d, carried, keep c).
#pragma once
#include "portable.cuh"

const int TRUST_RADIUS = 2;  // of the square of pixels that the carried source is compared over

// `error` is the mean squared difference of the luma of the source, `scale` the inverse of that at which a quarter of
// the trust is left.
template <typename Real>
PIXEL Real reduce_trust(Real trust, Real error, Real scale) {
    return trust / square(Real(1) + square(error * scale));
}

template <typename Real>
struct Blend {
    Real temporal_weight, pixel_weight, tone_share, keep_first, keep_second, second_share;
};

template <typename Real>
PIXEL Real mix(Real from, Real to, Real share) {
    return from + share * (to - from);
}

// All pointers are to the pixel in the first plane; planes are `area` apart.
template <typename Real>
PIXEL void blend_pixel(const Real* carried, const Real* stylised, const Real* detail, Real source, Real trust,
                       const Real* tone, const Blend<Real>& blend, Real* planes, Real* shown, long area) {
    const Real temporal = blend.temporal_weight * trust, weight = temporal + blend.pixel_weight;
    const Real share = weight > Real(0) ? temporal / weight : Real(0);
    UNROLL
    for (int c = 0; c < 3; ++c) {
        const long coarse = c * area, first = (c + 3) * area, second = (c + 6) * area;
        planes[coarse] = mix(stylised[coarse], carried[coarse] + blend.tone_share * tone[coarse], share);
        const Real kept_first = mix(detail[coarse], carried[first], blend.keep_first * trust);
        const Real kept_second = mix(detail[coarse], carried[second], blend.keep_second * trust);
        planes[first] = kept_first;
        planes[second] = kept_second;
        shown[coarse] = mix(kept_first, kept_second, blend.second_share);
    }
    planes[9 * area] = mix(source, carried[9 * area], share);
}
