// Layers of a stylised film, carried along the flow (streamstyle/ops/layers.py says why). Planes: coarse layer 0 to 2,
// first detail layer 3 to 5, second 6 to 8, luma of the source 9. With c the trust in what is carried, coarse and luma
// are averaged, with the share a c / (a c + b) of what is carried; detail layers are not: d' = lerp(d, carried, keep c).
#pragma once
#include "between.cuh"

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

const int BLOCK = 8;  // side in pixels of the blocks that local means are taken over

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

// The mean of four values over the block of a pixel: the trusted differences of the three channels, and the trust. The
// pointers are to its first pixel, of which `rows` x `columns` are inside the image.
template <typename Real>
PIXEL void tone_block(const Real* carried, const Real* stylised, const Real* trust, int rows, int columns, long area,
                      int width, Real* means) {
    Real sums[4] = {};
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < columns; ++x) {
            const long pixel = long(y) * width + x;
            for (int c = 0; c < 3; ++c) sums[c] += trust[pixel] * (stylised[c * area + pixel] - carried[c * area + pixel]);
            sums[3] += trust[pixel];
        }
    for (int c = 0; c < 4; ++c) means[c] = sums[c] / Real(rows * columns);
}

// The mean of the squared magnitudes of two details over a block.
template <typename Real>
PIXEL void energy_block(const Real* shown, const Real* detail, int rows, int columns, long area, int width,
                        Real* means) {
    Real sums[2] = {};
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < columns; ++x)
            for (int c = 0; c < 3; ++c) {
                const long pixel = c * area + long(y) * width + x;
                sums[0] += square(shown[pixel]);
                sums[1] += square(detail[pixel]);
            }
    for (int c = 0; c < 2; ++c) means[c] = sums[c] / Real(rows * columns);
}

PIXEL int inside_block(int first, int size) { return first + BLOCK < size ? BLOCK : size - first; }
