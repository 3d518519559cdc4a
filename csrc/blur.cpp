// The blur of blur.cuh on the CPU, row by row: tap after tap over a row that stays in the first cache.
#include <vector>
#include "blur.cuh"
#include "export.hpp"

namespace {

template <typename Real>
PIXEL void add_weighted(Real* sums, const Real* values, Real weight, int count) {
#pragma omp simd
    for (int x = 0; x < count; ++x) sums[x] += weight * values[x];
}

// `column` is [width + 2 radius]: the row of sums along y, with repeated edges.
template <typename Real>
PIXEL void blur_row(const Real* image, const Real* taps, Real* column, Real* output, int y, int height, int width,
                    int radius) {
    Real* inner = column + radius;
    for (int x = 0; x < width; ++x) inner[x] = output[x] = Real(0);
    for (int k = -radius; k <= radius; ++k)
        add_weighted(inner, image + long(clamp_index(y + k, height)) * width, taps[k + radius], width);
    for (int k = 0; k < radius; ++k) {
        column[k] = inner[0];
        inner[width + k] = inner[width - 1];
    }
    for (int k = 0; k <= 2 * radius; ++k) add_weighted(output, column + k, taps[k], width);
}

template <typename Real>
PIXEL void blur_image(const Real* image, const Real* taps, Real* output, Real* column, int channels, int height,
                      int width, int radius) {
    const long area = long(height) * width;
    for (int c = 0; c < channels; ++c)
        for (int y = 0; y < height; ++y)
            blur_row(image + c * area, taps, column, output + c * area + long(y) * width, y, height, width, radius);
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED gaussian_blur##suffix(const Real* image, const Real* taps, Real* output, int channels, int height,        \
                                   int width, int count) {                                                             \
        std::vector<Real> column(width + count);                                                                       \
        blur_image(image, taps, output, column.data(), channels, height, width, count / 2);                            \
    }

EXPORT(float, )
EXPORT(double, _double)
