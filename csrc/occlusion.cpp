// The consistency weight on the CPU: the pixel functions of occlusion.cuh, row by row. Unsmoothed weights are kept for
// five rows at a time, in a ring buffer.
#include <vector>
#include "export.hpp"
#include "occlusion.cuh"

namespace {

template <typename Real>
PIXEL void unsmoothed_row(const Real* backward, const Real* forward, Real* row, int y, int height, int width) {
    for (int x = 0; x < width; ++x) row[x] = unsmoothed_weight(backward, forward, x, y, height, width);
}

// Smooths five unsmoothed rows along y into `column`, with a margin of repeated edge values, then along x.
template <typename Real>
PIXEL void smooth_row(const Real* const* rows, Real* column, Real* weight, int width) {
    for (int x = 0; x < width; ++x)
        column[x + RADIUS] = smooth(rows[0][x], rows[1][x], rows[2][x], rows[3][x], rows[4][x]);
    for (int k = 0; k < RADIUS; ++k) {
        column[k] = column[RADIUS];
        column[width + RADIUS + k] = column[width + RADIUS - 1];
    }
    for (int x = 0; x < width; ++x)
        weight[x] = clip_weight(smooth(column[x], column[x + 1], column[x + 2], column[x + 3], column[x + 4]));
}

template <typename Real>
PIXEL void weight_image(const Real* backward, const Real* forward, Real* weight, int height, int width, Real* buffer) {
    const int size = 2 * RADIUS + 1;
    Real* column = buffer + long(size) * width;
    int next = 0;
    for (int y = 0; y < height; ++y) {
        for (; next < height && next <= y + RADIUS; ++next)
            unsmoothed_row(backward, forward, buffer + long(next % size) * width, next, height, width);
        const Real* rows[2 * RADIUS + 1];
        for (int k = 0; k < size; ++k) rows[k] = buffer + long(clamp_index(y + k - RADIUS, height) % size) * width;
        smooth_row(rows, column, weight + long(y) * width, width);
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED consistency_weight##suffix(const Real* backward, const Real* forward, Real* weight, int height,           \
                                        int width) {                                                                   \
        std::vector<Real> buffer((2 * RADIUS + 2) * long(width) + 2 * RADIUS);                                         \
        weight_image(backward, forward, weight, height, width, buffer.data());                                         \
    }

EXPORT(float, )
EXPORT(double, _double)
