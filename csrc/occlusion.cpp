// The consistency weight of occlusion.cuh on a CPU, row by row: verdicts are kept for five rows at a time.
#include <vector>
#include "export.hpp"
#include "occlusion.cuh"

namespace {

template <typename Real>
PIXEL void verdict_row(const Real* backward, const Real* forward, Real* row, int y, int height, int width) {
    for (int x = 0; x < width; ++x) row[x] = verdict(backward, forward, x, y, height, width);
}

template <typename Real>
PIXEL void grow_row(const Real* const* rows, Real* column, Real* weight, int width) {
    for (int x = 0; x < width; ++x)
        column[x + REACH] = grown(rows[0][x], rows[1][x], rows[2][x], rows[3][x], rows[4][x]);
    for (int k = 0; k < REACH; ++k) {
        column[k] = column[REACH];
        column[width + REACH + k] = column[width + REACH - 1];
    }
    for (int x = 0; x < width; ++x)
        weight[x] = clipped(grown(column[x], column[x + 1], column[x + 2], column[x + 3], column[x + 4]));
}

template <typename Real>
PIXEL void weigh(const Real* backward, const Real* forward, Real* weight, int height, int width, Real* space) {
    const int kept = 2 * REACH + 1;
    Real* column = space + long(kept) * width;
    int known = 0;
    for (int y = 0; y < height; ++y) {
        for (; known < height && known <= y + REACH; ++known)
            verdict_row(backward, forward, space + long(known % kept) * width, known, height, width);
        const Real* rows[2 * REACH + 1];
        for (int k = 0; k < kept; ++k) rows[k] = space + long(clamped(y + k - REACH, height) % kept) * width;
        grow_row(rows, column, weight + long(y) * width, width);
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED consistency_weight##suffix(const Real* backward, const Real* forward, Real* weight, int height,           \
                                        int width) {                                                                   \
        std::vector<Real> space((2 * REACH + 2) * long(width) + 2 * REACH);                                            \
        weigh(backward, forward, weight, height, width, space.data());                                                 \
    }

EXPORT(float, )
EXPORT(double, _double)
