// The consistency weight on the CPU: the pixel functions of occlusion.cuh, row by row. Unsmoothed weights are kept for
// five rows at a time, in a ring buffer.
#include <vector>
#include "export.hpp"
#include "occlusion.cuh"
#include "rows.hpp"

namespace {

// Fills the squared gradient of a flow, times four, along a row.
template <typename Real>
PIXEL void flow_gradient_row(const Real* backward, int y, int height, int width, Real* gradient) {
    for (int x = 0; x < width; ++x) gradient[x] = Real(0);
    for (int c = 0; c < 2; ++c) add_gradient_row(backward + c * long(height) * width, y, height, width, gradient);
}

// `gradient` is [width].
template <typename Real>
struct FlowRows {
    const Real *backward, *forward;
    Real* gradient;
    int height, width;
    PIXEL void operator()(Real* row, int y) const {
        flow_gradient_row(backward, y, height, width, gradient);
        const Real *u = backward + long(y) * width, *v = u + long(height) * width;
#pragma omp simd
        for (int x = 0; x < width; ++x)
            row[x] = unsmoothed_weight(forward, u[x], v[x], gradient[x], x, y, height, width);
    }
};

// `excess` is [height, width], `column` [width + 2 RADIUS], `gradient` [width].
template <typename Real>
struct PhotometricRows {
    const Real *backward, *excess;
    Real *column, *gradient;
    int height, width;
    PIXEL void operator()(Real* row, int y) const {
        const Real* rows[2 * RADIUS + 1];
        for (int k = 0; k <= 2 * RADIUS; ++k) rows[k] = excess + long(clamp_index(y + k - RADIUS, height)) * width;
#pragma omp simd
        for (int x = 0; x < width; ++x)
            column[x + RADIUS] = rows[0][x] + rows[1][x] + rows[2][x] + rows[3][x] + rows[4][x];
        repeat_edges(column, RADIUS, width);
        flow_gradient_row(backward, y, height, width, gradient);
        const Real *u = backward + long(y) * width, *v = u + long(height) * width;
#pragma omp simd
        for (int x = 0; x < width; ++x) {
            const Real sum = column[x] + column[x + 1] + column[x + 2] + column[x + 3] + column[x + 4];
            row[x] = unsmoothed_photometric_weight(u[x], v[x], gradient[x], sum, x, y, height, width);
        }
    }
};

// Fills the excess of all pixels; `gradient` is [width].
template <typename Real>
PIXEL void photometric_excess_image(const Real* backward, const Real* previous, const Real* image, Real* excess,
                                    Real* gradient, int height, int width) {
    for (int y = 0; y < height; ++y) {
        const long first = long(y) * width;
        const Real *u = backward + first, *v = u + long(height) * width;
        for (int x = 0; x < width; ++x) gradient[x] = Real(0);
        add_gradient_row(image, y, height, width, gradient);
#pragma omp simd
        for (int x = 0; x < width; ++x)
            excess[first + x] = photometric_excess(previous, image[first + x], Real(x) + u[x], Real(y) + v[x],
                                                   gradient[x], height, width);
    }
}

// Smooths five unsmoothed rows along y into `column`, with a margin of repeated edge values, then along x.
template <typename Real>
PIXEL void smooth_row(const Real* const* rows, Real* column, Real* weight, int width) {
#pragma omp simd
    for (int x = 0; x < width; ++x)
        column[x + RADIUS] = smooth(rows[0][x], rows[1][x], rows[2][x], rows[3][x], rows[4][x]);
    repeat_edges(column, RADIUS, width);
#pragma omp simd
    for (int x = 0; x < width; ++x)
        weight[x] = clip_weight(smooth(column[x], column[x + 1], column[x + 2], column[x + 3], column[x + 4]));
}

// `fill_row(row, y)` fills an unsmoothed row.
template <typename Real, typename Rows>
PIXEL void weight_image(const Rows& fill_row, Real* weight, int height, int width, Real* buffer) {
    const int size = 2 * RADIUS + 1;
    Real* column = buffer + long(size) * width;
    int next = 0;
    for (int y = 0; y < height; ++y) {
        for (; next < height && next <= y + RADIUS; ++next)
            fill_row(buffer + long(next % size) * width, next);
        const Real* rows[2 * RADIUS + 1];
        for (int k = 0; k < size; ++k) rows[k] = buffer + long(clamp_index(y + k - RADIUS, height) % size) * width;
        smooth_row(rows, column, weight + long(y) * width, width);
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED consistency_weight##suffix(const Real* backward, const Real* forward, Real* weight, int height,           \
                                        int width) {                                                                   \
        std::vector<Real> buffer((2 * RADIUS + 2) * long(width) + 2 * RADIUS), gradient(width);                        \
        weight_image(FlowRows<Real>{backward, forward, gradient.data(), height, width}, weight, height, width,         \
                     buffer.data());                                                                                   \
    }                                                                                                                  \
    EXPORTED photometric_weight##suffix(const Real* backward, const Real* previous, const Real* image, Real* weight,   \
                                        int height, int width) {                                                       \
        std::vector<Real> buffer((2 * RADIUS + 2) * long(width) + 2 * RADIUS), column(width + 2 * RADIUS);             \
        std::vector<Real> excess(long(height) * width), gradient(width);                                               \
        photometric_excess_image(backward, previous, image, excess.data(), gradient.data(), height, width);            \
        weight_image(PhotometricRows<Real>{backward, excess.data(), column.data(), gradient.data(), height, width},    \
                     weight, height, width, buffer.data());                                                            \
    }

EXPORT(float, )
EXPORT(double, _double)
