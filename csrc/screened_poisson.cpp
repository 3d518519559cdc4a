// A step of Chebyshev's iteration on the CPU: the pixel function of screened_poisson.cuh, row by row.
#include "screened_poisson.cuh"

#include "export.hpp"

namespace {

// Fills a row of the next step and of the next estimate. `rows` are those of the estimate: above, this one and below.
template <typename Real>
PIXEL void chebyshev_row(const Real* right_side, const Real* const* rows, const Real* step, const Real* weight,
                         Real smoothness, Real step_factor, Real residual_factor, Real* next, Real* next_step,
                         int width) {
    const Real *above = rows[0], *row = rows[1], *below = rows[2];
    const auto pixel = [&](int x, int left, int right) {
        const Real residual = scaled_residual(right_side[x], row[x], row[left], row[right], above[x], below[x],
                                              weight[x], smoothness);
        next_step[x] = step_factor * step[x] + residual_factor * residual;
        next[x] = row[x] + next_step[x];
    };
    pixel(0, 0, clamp_index(1, width));
#pragma omp simd
    for (int x = 1; x < width - 1; ++x) pixel(x, x - 1, x + 1);
    if (width > 1) pixel(width - 1, width - 2, width - 1);
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED screened_poisson_step##suffix(const Real* right_side, const Real* estimate, const Real* step,             \
                                           const Real* weight, Real smoothness, Real step_factor,                      \
                                           Real residual_factor, Real* next, Real* next_step, int height, int width) { \
        for (int c = 0; c < 3; ++c)                                                                                    \
            for (int y = 0; y < height; ++y) {                                                                         \
                const Real* rows[3];                                                                                   \
                for (int k = 0; k < 3; ++k)                                                                            \
                    rows[k] = estimate + (long(c) * height + clamp_index(y + k - 1, height)) * width;                  \
                const long first = (long(c) * height + y) * width;                                                     \
                chebyshev_row(right_side + first, rows, step + first, weight + long(y) * width, smoothness,            \
                              step_factor, residual_factor, next + first, next_step + first, width);                   \
            }                                                                                                          \
    }

EXPORT(float, )
EXPORT(double, _double)
