// The blur of blur.cuh on the CPU, row by row.
#include <vector>
#include "blur.cuh"
#include "export.hpp"

namespace {

// Fills a row with the weighted sums of `count` rows of values. COUNT is the same where the compiler is to know it, so
// that it keeps the sums in registers; otherwise 0.
template <typename Real, int COUNT>
PIXEL void weighted_sums(const Real* const* rows, const Real* taps, Real* sums, int count, int width) {
#pragma omp simd
    for (int x = 0; x < width; ++x) {
        Real sum = Real(0);
        _Pragma("GCC unroll 16")
        for (int k = 0; k < (COUNT ? COUNT : count); ++k) sum += taps[k] * rows[k][x];
        sums[x] = sum;
    }
}

// `column` is [width + 2 radius]: the row of sums along y, with repeated edges.
template <typename Real, int COUNT>
PIXEL void blur_row(const Real* image, const Real* taps, Real* column, Real* output, int y, int height, int width,
                    int count) {
    const int radius = count / 2;
    const Real* rows[2 * MAX_RADIUS + 1];
    for (int k = 0; k < count; ++k) rows[k] = image + long(clamp_index(y + k - radius, height)) * width;
    Real* inner = column + radius;
    weighted_sums<Real, COUNT>(rows, taps, inner, count, width);
    for (int k = 0; k < radius; ++k) {
        column[k] = inner[0];
        inner[width + k] = inner[width - 1];
    }
    for (int k = 0; k < count; ++k) rows[k] = column + k;
    weighted_sums<Real, COUNT>(rows, taps, output, count, width);
}

template <typename Real, int COUNT>
PIXEL void blur_image(const Real* image, const Real* taps, Real* output, Real* column, int channels, int height,
                      int width, int count) {
    const long area = long(height) * width;
    for (int c = 0; c < channels; ++c)
        for (int y = 0; y < height; ++y)
            blur_row<Real, COUNT>(image + c * area, taps, column, output + c * area + long(y) * width, y, height,
                                  width, count);
}

const int DETAIL_TAPS = 7, BAND_TAPS = 13;  // of the Gaussians in streamstyle/ops/layers.py

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED gaussian_blur##suffix(const Real* image, const Real* taps, Real* output, int channels, int height,        \
                                   int width, int count) {                                                             \
        std::vector<Real> column(width + count);                                                                       \
        if (count == DETAIL_TAPS)                                                                                      \
            blur_image<Real, DETAIL_TAPS>(image, taps, output, column.data(), channels, height, width, count);         \
        else if (count == BAND_TAPS)                                                                                   \
            blur_image<Real, BAND_TAPS>(image, taps, output, column.data(), channels, height, width, count);           \
        else                                                                                                           \
            blur_image<Real, 0>(image, taps, output, column.data(), channels, height, width, count);                   \
    }

EXPORT(float, )
EXPORT(double, _double)
