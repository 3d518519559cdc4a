// The kernels of resample.cuh on the CPU, row by row.
#include <vector>
#include "export.hpp"
#include "resample.cuh"

namespace {

// `sums` is [width]: those of the columns of a row of blocks.
template <typename Real>
PIXEL void means_of_rows(const Real* image, Real* means, Real* sums, int rows, int width) {
    for (int x = 0; x < width; ++x) sums[x] = image[x];
    for (int j = 1; j < rows; ++j)
#pragma omp simd
        for (int x = 0; x < width; ++x) sums[x] += image[long(j) * width + x];
    for (int x = 0; x < width; x += BLOCK) {
        const int columns = inside_block(x, width);
        means[x / BLOCK] = block_mean(sums + x, 1, columns, width) / Real(rows);
    }
}

template <typename Real>
PIXEL void halve_image(const Real* image, Real* half, int channels, int height, int width) {
    const int columns = (width + 1) / 2;
    for (int c = 0; c < channels; ++c, image += long(height) * width)
        for (int y = 0; y < height; y += 2, half += columns) {
            const Real *upper = image + long(y) * width, *lower = image + long(clamp_index(y + 1, height)) * width;
#pragma omp simd
            for (int x = 0; x < width / 2; ++x)
                half[x] = mean_of_four(upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]);
            if (width % 2)
                half[columns - 1] = mean_of_four(upper[width - 1], upper[width - 1], lower[width - 1], lower[width - 1]);
        }
}

// `blended` is [columns + 2], for the row of the small image with repeated edges.
template <typename Real>
PIXEL void add_doubled_row(const Real* image, const Real* before, const Real* after, Real share, Real* blended,
                           Real* sum, int columns, int width) {
    Real* inner = blended + 1;
    for (int x = 0; x < columns; ++x) inner[x] = mix(before[x], after[x], share);
    blended[0] = inner[0];
    inner[columns] = inner[columns - 1];
#pragma omp simd
    for (int x = 0; x < width / 2; ++x) {
        sum[2 * x] = add_clipped(image[2 * x], mix(inner[x - 1], inner[x], Real(0.75)));
        sum[2 * x + 1] = add_clipped(image[2 * x + 1], mix(inner[x], inner[x + 1], Real(0.25)));
    }
    if (width % 2) sum[width - 1] = add_clipped(image[width - 1], mix(inner[columns - 2], inner[columns - 1], Real(0.75)));
}

template <typename Real>
PIXEL void add_doubled_image(const Real* image, const Real* small, Real* blended, Real* sum, int channels, int height,
                             int width) {
    const int rows = (height + 1) / 2, columns = (width + 1) / 2;
    for (int c = 0; c < channels; ++c, small += long(rows) * columns)
        for (int y = 0; y < height; ++y, image += width, sum += width) {
            const Between<Real> down = between_blocks<Real>(y, 2, rows);
            add_doubled_row(image, small + long(down.before) * columns, small + long(down.after) * columns, down.share,
                            blended, sum, columns, width);
        }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED block_means##suffix(const Real* image, Real* means, int channels, int height, int width) {                \
        std::vector<Real> sums(width);                                                                                 \
        const int columns = (width + BLOCK - 1) / BLOCK;                                                               \
        for (int c = 0; c < channels; ++c, image += long(height) * width)                                              \
            for (int y = 0; y < height; y += BLOCK, means += columns)                                                  \
                means_of_rows(image + long(y) * width, means, sums.data(), inside_block(y, height), width);            \
    }                                                                                                                  \
    EXPORTED halve##suffix(const Real* image, Real* half, int channels, int height, int width) {                       \
        halve_image(image, half, channels, height, width);                                                             \
    }                                                                                                                  \
    EXPORTED add_doubled##suffix(const Real* image, const Real* small, Real* sum, int channels, int height,            \
                                 int width) {                                                                          \
        std::vector<Real> blended((width + 1) / 2 + 2);                                                                \
        add_doubled_image(image, small, blended.data(), sum, channels, height, width);                                 \
    }

EXPORT(float, )
EXPORT(double, _double)
