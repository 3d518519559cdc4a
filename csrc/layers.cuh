// Layers of a stylised film, carried along the flow (streamstyle/ops/layers.py says why). Planes: coarse layer 0 to 2,
// first detail layer 3 to 5, second 6 to 8, luma of the source 9. With c the trust in what is carried, coarse and luma
// are averaged, with the share a c / (a c + b) of what is carried; detail layers are not: d' = lerp(d, carried, keep c).
#pragma once
#include "gradient.cuh"
#include "resample.cuh"

const int TRUST_RADIUS = 2;  // of the square of pixels that the carried source is compared over

// What is left of the trust where the luma of the carried source differs: `ghost` is the inverse of the mean squared
// difference at which a quarter is left, `same` that of the one at which half of `least` is, which agreement alone earns.
template <typename Real>
struct SourceTrust {
    Real ghost, same, least;
};

template <typename Real>
PIXEL Real reduce_trust(Real trust, Real error, const SourceTrust<Real>& by) {
    const Real least = by.least / (Real(1) + square(error * by.same));
    return (trust > least ? trust : least) / square(Real(1) + square(error * by.ghost));
}

// Returns the squared excess of a pixel, relative to that of grain: `grain` times the square of the mean around, and
// `least`.
template <typename Real>
PIXEL Real particle_error(Real excess, Real around, Real grain, Real least) {
    return square(excess) / (square(around) * grain + least);
}

const int EXCESS_RADIUS = 1;  // of the square of pixels whose values an error of the flow explains

template <typename Real>
PIXEL Real greater(Real one, Real other) {
    return one > other ? one : other;
}

template <typename Real>
PIXEL Real lesser(Real one, Real other) {
    return one < other ? one : other;
}

// How far a value is above `high` or below `low`.
template <typename Real>
PIXEL Real outside(Real value, Real low, Real high) {
    return greater(greater(value - high, low - value), Real(0));
}

template <typename Real>
struct Blend {
    Real temporal_weight, pixel_weight, tone_share, keep_first, keep_second, second_share;
};

// All pointers are to the pixel in the first plane; planes are `area` apart, those of `tone` `tone_area`.
template <typename Real>
PIXEL void blend_pixel(const Real* carried, const Real* stylised, const Real* detail, Real source, Real trust,
                       const Real* tone, long tone_area, const Blend<Real>& blend, Real* planes, Real* shown,
                       long area) {
    const Real temporal = blend.temporal_weight * trust, weight = temporal + blend.pixel_weight;
    const Real share = weight > Real(0) ? temporal / weight : Real(0);
    UNROLL
    for (int c = 0; c < 3; ++c) {
        const long coarse = c * area, first = (c + 3) * area, second = (c + 6) * area;
        planes[coarse] = mix(stylised[coarse], carried[coarse] + blend.tone_share * tone[c * tone_area], share);
        const Real kept_first = mix(detail[coarse], carried[first], blend.keep_first * trust);
        const Real kept_second = mix(detail[coarse], carried[second], blend.keep_second * trust);
        planes[first] = kept_first;
        planes[second] = kept_second;
        shown[coarse] = mix(kept_first, kept_second, blend.second_share);
    }
    planes[9 * area] = mix(source, carried[9 * area], share);
}

// Adds a pixel to four sums, which are `stride` apart: the trusted differences of the three channels, and the trust.
template <typename Real>
PIXEL void add_tone(const Real* carried, const Real* stylised, Real trust, long area, Real* sums, long stride) {
    UNROLL
    for (int c = 0; c < 3; ++c) sums[c * stride] += trust * (stylised[c * area] - carried[c * area]);
    sums[3 * stride] += trust;
}

// Adds a pixel to four sums, which are `stride` apart: with s, c, j the detail that is shown, the blurred coarse layer and
// the frame's own stylisation, |grad s|^2, grad s . grad c, |grad c|^2 and |grad j|^2. The neighbours that a gradient is
// the difference to are `right` and `down` further on; 0 at the edge, where there is none.
template <typename Real>
PIXEL void add_gradients(const Real* shown, const Real* coarse, const Real* stylised, long right, long down, long area,
                         Real* sums, long stride) {
    UNROLL
    for (int c = 0; c < 3; ++c) {
        const long at = c * area;
        const Real s_x = shown[at + right] - shown[at], s_y = shown[at + down] - shown[at];
        const Real c_x = coarse[at + right] - coarse[at], c_y = coarse[at + down] - coarse[at];
        const Real j_x = stylised[at + right] - stylised[at], j_y = stylised[at + down] - stylised[at];
        sums[0] += s_x * s_x + s_y * s_y;
        sums[stride] += s_x * c_x + s_y * c_y;
        sums[2 * stride] += c_x * c_x + c_y * c_y;
        sums[3 * stride] += j_x * j_x + j_y * j_y;
    }
}

// Adds a pixel to two sums, which are `stride` apart: the squared magnitudes of two details.
template <typename Real>
PIXEL void add_energy(const Real* shown, const Real* detail, long area, Real* sums, long stride) {
    UNROLL
    for (int c = 0; c < 3; ++c) {
        sums[0] += square(shown[c * area]);
        sums[stride] += square(detail[c * area]);
    }
}
