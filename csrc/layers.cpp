// The layers of layers.cuh on the CPU, row by row. Squared differences are kept for five rows at a time, in a ring
// buffer.
#include <vector>
#include "export.hpp"
#include "layers.cuh"

namespace {

const int ROWS = 2 * TRUST_RADIUS + 1;

template <typename Real>
PIXEL void trust_row(const Real* const* squared, const Real* trust, Real scale, Real* column, Real* reduced,
                     int width) {
    Real* inner = column + TRUST_RADIUS;
    for (int x = 0; x < width; ++x)
        inner[x] = squared[0][x] + squared[1][x] + squared[2][x] + squared[3][x] + squared[4][x];
    for (int k = 0; k < TRUST_RADIUS; ++k) {
        column[k] = inner[0];
        inner[width + k] = inner[width - 1];
    }
    const Real mean_scale = scale / Real(ROWS * ROWS);
    for (int x = 0; x < width; ++x) {
        const Real sum = column[x] + column[x + 1] + column[x + 2] + column[x + 3] + column[x + 4];
        reduced[x] = reduce_trust(trust[x], sum, mean_scale);
    }
}

template <typename Real>
PIXEL void trust_image(const Real* carried, const Real* source, const Real* trust, Real scale, Real* reduced,
                       int height, int width, Real* buffer) {
    int next = 0;
    for (int y = 0; y < height; ++y) {
        for (; next < height && next <= y + TRUST_RADIUS; ++next) {
            const long first = long(next) * width;
            Real* row = buffer + long(next % ROWS) * width;
            for (int x = 0; x < width; ++x) row[x] = square(carried[first + x] - source[first + x]);
        }
        const Real* rows[ROWS];
        for (int k = 0; k < ROWS; ++k)
            rows[k] = buffer + long(clamp_index(y + k - TRUST_RADIUS, height) % ROWS) * width;
        const long first = long(y) * width;
        trust_row(rows, trust + first, scale, buffer + long(ROWS) * width, reduced + first, width);
    }
}

template <typename Real>
PIXEL void blend_image(const Real* carried, const Real* stylised, const Real* detail, const Real* source,
                       const Real* trust, const Real* tone, const Blend<Real>& blend, Real* planes, Real* shown,
                       long area) {
#pragma omp simd
    for (long pixel = 0; pixel < area; ++pixel)
        blend_pixel(carried + pixel, stylised + pixel, detail + pixel, source[pixel], trust[pixel], tone + pixel, blend,
                    planes + pixel, shown + pixel, area);
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED source_trust##suffix(const Real* carried, const Real* source, const Real* trust, Real scale,              \
                                  Real* reduced, int height, int width) {                                              \
        std::vector<Real> buffer((ROWS + 1) * long(width) + 2 * TRUST_RADIUS);                                         \
        trust_image(carried, source, trust, scale, reduced, height, width, buffer.data());                             \
    }                                                                                                                  \
    EXPORTED blend_layers##suffix(const Real* carried, const Real* stylised, const Real* detail, const Real* source,   \
                                  const Real* trust, const Real* tone, Real temporal_weight, Real pixel_weight,        \
                                  Real tone_share, Real keep_first, Real keep_second, Real second_share, Real* planes, \
                                  Real* shown, int height, int width) {                                                \
        const Blend<Real> blend = {temporal_weight, pixel_weight, tone_share, keep_first, keep_second, second_share};  \
        blend_image(carried, stylised, detail, source, trust, tone, blend, planes, shown, long(height) * width);       \
    }

EXPORT(float, )
EXPORT(double, _double)
