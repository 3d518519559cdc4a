// The terms of temporal.cuh on a CPU, row by row, with their sums in double.
#include "export.hpp"
#include "temporal.cuh"

namespace {

template <typename Real>
PIXEL double hold_row(const Real* carried, const Real* stylised, const Real* trust, Real temporal_weight,
                      Real pixel_weight, Real* centre, Real* stiffness, long area, int width) {
    Real total = 0;
#pragma omp simd reduction(+ : total)
    for (int x = 0; x < width; ++x) {
        const Parabola<Real> holds = parabola(trust[x], temporal_weight, pixel_weight);
        Real apart = 0;
        UNROLL
        for (int c = 0; c < 3; ++c) {
            const Real difference = carried[c * area + x] - stylised[c * area + x];
            centre[c * area + x] = stylised[c * area + x] + holds.share * difference;
            apart += squared(difference);
        }
        stiffness[x] = holds.stiffness;
        total += pixel_weight * holds.share * apart;
    }
    return double(total);
}

// Rows of x and of the centre: above, here and below; at the edge of the picture a row is its own neighbour.
template <typename Real>
PIXEL double pull_row(const Real* const* image, const Real* const* centre, const Real* stiffness, Real tv_weight,
                      Real scale, Real* gradient, int width) {
    const Real *above = image[0], *here = image[1], *below = image[2];
    const Real *from_above = centre[0], *from = centre[1], *from_below = centre[2];
    const auto at = [&](int x, int left, int right) {
        const Pull<Real> found = pull(here[x] - from[x], here[left] - from[left], here[right] - from[right],
                                      above[x] - from_above[x], below[x] - from_below[x], stiffness[x], tv_weight);
        gradient[x] = 2 * scale * found.slope;
        return found.loss;
    };
    Real total = at(0, 0, clamped(1, width));
#pragma omp simd reduction(+ : total)
    for (int x = 1; x < width - 1; ++x) total += at(x, x - 1, x + 1);
    if (width > 1) total += at(width - 1, width - 2, width - 1);
    return double(total);
}

template <typename Real>
PIXEL double pull_all(const Real* image, const Real* centre, const Real* stiffness, Real tv_weight, Real scale,
                      Real* gradient, int height, int width) {
    double total = 0;
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < height; ++y) {
            const Real *images[3], *centres[3];
            for (int k = 0; k < 3; ++k) {
                const long row = (long(c) * height + clamped(y + k - 1, height)) * width;
                images[k] = image + row;
                centres[k] = centre + row;
            }
            const long row = long(y) * width;
            Real* out = gradient + long(c) * height * width + row;
            total += pull_row(images, centres, stiffness + row, tv_weight, scale, out, width);
        }
    return total * double(scale);
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED temporal_term##suffix(const Real* carried, const Real* stylised, const Real* trust,                       \
                                   Real temporal_weight, Real pixel_weight, Real* centre, Real* stiffness,             \
                                   Real scale, Real* floor, int height, int width) {                                   \
        double total = 0;                                                                                              \
        const long area = long(height) * width;                                                                        \
        for (long row = 0; row < area; row += width)                                                                   \
            total += hold_row(carried + row, stylised + row, trust + row, temporal_weight, pixel_weight,               \
                              centre + row, stiffness + row, area, width);                                             \
        *floor = Real(total * double(scale));                                                                          \
    }                                                                                                                  \
    EXPORTED temporal_loss_and_gradient##suffix(const Real* image, const Real* centre, const Real* stiffness,          \
                                                Real tv_weight, Real* gradient, Real scale, Real* loss,                \
                                                int height, int width) {                                               \
        *loss = Real(pull_all(image, centre, stiffness, tv_weight, scale, gradient, height, width));                   \
    }

EXPORT(float, )
EXPORT(double, _double)
