// Chebyshev's iteration on the CPU, all steps at once: the pixel function of screened_poisson.cuh, row by row.
//
// Row y of a step needs rows y - 1 to y + 1 of the step before, so a step follows one row behind the one before it. Only
// the last rows of each step are kept, in ring buffers that fit into the cache.
#include <vector>
#include "export.hpp"
#include "screened_poisson.cuh"

namespace {

const int ROWS = 5;  // of each step: three of its estimate, two of the change that led to it

template <typename Real>
struct Rings {
    Real* buffer;
    int width;
    PIXEL Real* estimate(int step, int y) const { return buffer + (long(step) * ROWS + y % 3) * width; }
    PIXEL Real* change(int step, int y) const { return buffer + (long(step) * ROWS + 3 + y % 2) * width; }
};

template <typename Real>
PIXEL void first_row(const Real* right_side, const Real* inverse, Real factor, Real* estimate, Real* change,
                     int width) {
#pragma omp simd
    for (int x = 0; x < width; ++x) estimate[x] = change[x] = right_side[x] * inverse[x] * factor;
}

// `rows` are those of the estimate: above, this one and below.
template <typename Real>
PIXEL void chebyshev_row(const Real* right_side, const Real* const* rows, const Real* change, const Real* weight,
                         const Real* inverse, Real smoothness, Real change_factor, Real residual_factor, Real* next,
                         Real* next_change, int width) {
    const Real *above = rows[0], *row = rows[1], *below = rows[2];
    const auto pixel = [&](int x, int left, int right) {
        const Real residual = poisson_residual(right_side[x], row[x], row[left], row[right], above[x], below[x],
                                               weight[x], smoothness);
        next_change[x] = change_factor * change[x] + residual_factor * (residual * inverse[x]);
        next[x] = row[x] + next_change[x];
    };
    pixel(0, 0, clamp_index(1, width));
#pragma omp simd
    for (int x = 1; x < width - 1; ++x) pixel(x, x - 1, x + 1);
    if (width > 1) pixel(width - 1, width - 2, width - 1);
}

// One channel. `factors` is [steps + 1, 2]: of the change and of the residual.
template <typename Real>
PIXEL void solve_channel(const Real* right_side, const Real* weight, const Real* inverse, const Real* factors,
                         Real smoothness, int steps, const Rings<Real>& rings, Real* solution, int height, int width) {
    for (int front = 0; front < height + steps; ++front)
        for (int step = 0; step <= steps; ++step) {
            const int y = front - step;
            if (y < 0 || y >= height) continue;
            const long first = long(y) * width;
            Real* estimate = step == steps ? solution + first : rings.estimate(step, y);
            if (step == 0) {
                first_row(right_side + first, inverse + first, factors[1], estimate, rings.change(0, y), width);
            } else {
                const Real* rows[3];
                for (int k = 0; k < 3; ++k) rows[k] = rings.estimate(step - 1, clamp_index(y + k - 1, height));
                chebyshev_row(right_side + first, rows, rings.change(step - 1, y), weight + first, inverse + first,
                              smoothness, factors[2 * step], factors[2 * step + 1], estimate, rings.change(step, y),
                              width);
            }
        }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                          \
    EXPORTED screened_poisson##suffix(const Real* right_side, const Real* weight, const Real* factors,                \
                                      Real smoothness, Real* solution, int height, int width, int rows) {             \
        const long area = long(height) * width;                                                                       \
        std::vector<Real> inverse(area), buffer(long(rows) * ROWS * width);                                           \
        for (long i = 0; i < area; ++i) inverse[i] = Real(1) / (weight[i] + 4 * smoothness);                          \
        for (int c = 0; c < 3; ++c)                                                                                   \
            solve_channel(right_side + c * area, weight, inverse.data(), factors, smoothness, rows - 1,               \
                          Rings<Real>{buffer.data(), width}, solution + c * area, height, width);                     \
    }

EXPORT(float, )
EXPORT(double, _double)
