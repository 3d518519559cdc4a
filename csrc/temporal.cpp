// The temporal term on the CPU: the pixel functions of temporal.cuh, row by row. Rows are summed in the type of the
// images, and sums of rows in double.
#include "export.hpp"
#include "temporal.cuh"

namespace {

// Fills a row of centre and weight; returns its minimum, unscaled.
template <typename Real>
PIXEL double term_row(const Real* carried, const Real* stylised, const Real* trust, Real temporal_weight,
                      Real pixel_weight, Real* centre, Real* weight, long area, int width) {
    Real minimum = 0;
#pragma omp simd reduction(+ : minimum)
    for (int x = 0; x < width; ++x) {
        const Parabola<Real> terms = parabola(trust[x], temporal_weight, pixel_weight);
        Real squares = 0;
        UNROLL
        for (int c = 0; c < 3; ++c) {
            const Real difference = carried[c * area + x] - stylised[c * area + x];
            centre[c * area + x] = stylised[c * area + x] + terms.carried_share * difference;
            squares += square(difference);
        }
        weight[x] = terms.weight;
        minimum += pixel_weight * terms.carried_share * squares;
    }
    return double(minimum);
}

// Fills a row of the gradient; returns its loss, unscaled. `image` and `centre` are three rows each: above, this one
// and below. At the border of the image a row is its own neighbour.
template <typename Real>
PIXEL double gradient_row(const Real* const* image, const Real* const* centre, const Real* weight, Real tv_weight,
                          Real scale, Real* gradient, int width) {
    const Real *above = image[0], *row = image[1], *below = image[2];
    const Real *centre_above = centre[0], *centre_row = centre[1], *centre_below = centre[2];
    const auto pixel_loss = [&](int x, int left, int right) {
        const LossAndGradient<Real> result =
            loss_and_gradient(row[x] - centre_row[x], row[left] - centre_row[left], row[right] - centre_row[right],
                              above[x] - centre_above[x], below[x] - centre_below[x], weight[x], tv_weight);
        gradient[x] = 2 * scale * result.half_gradient;
        return result.loss;
    };
    Real loss = pixel_loss(0, 0, clamp_index(1, width));
#pragma omp simd reduction(+ : loss)
    for (int x = 1; x < width - 1; ++x) loss += pixel_loss(x, x - 1, x + 1);
    if (width > 1) loss += pixel_loss(width - 1, width - 2, width - 1);
    return double(loss);
}

// Fills the gradient; returns the loss.
template <typename Real>
PIXEL double gradient_image(const Real* image, const Real* centre, const Real* weight, Real tv_weight, Real scale,
                            Real* gradient, int height, int width) {
    double loss = 0;
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < height; ++y) {
            const Real *image_rows[3], *centre_rows[3];
            for (int k = 0; k < 3; ++k) {
                const long first = (long(c) * height + clamp_index(y + k - 1, height)) * width;
                image_rows[k] = image + first;
                centre_rows[k] = centre + first;
            }
            const long first = long(y) * width;
            Real* gradient_out = gradient + long(c) * height * width + first;
            loss += gradient_row(image_rows, centre_rows, weight + first, tv_weight, scale, gradient_out, width);
        }
    return loss * double(scale);
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED temporal_term##suffix(const Real* carried, const Real* stylised, const Real* trust,                       \
                                   Real temporal_weight, Real pixel_weight, Real* centre, Real* weight, Real scale,    \
                                   Real* minimum, int height, int width) {                                             \
        double sum = 0;                                                                                                \
        const long area = long(height) * width;                                                                        \
        for (long first = 0; first < area; first += width)                                                             \
            sum += term_row(carried + first, stylised + first, trust + first, temporal_weight, pixel_weight,           \
                            centre + first, weight + first, area, width);                                              \
        *minimum = Real(sum * double(scale));                                                                          \
    }                                                                                                                  \
    EXPORTED temporal_loss_and_gradient##suffix(const Real* image, const Real* centre, const Real* weight,             \
                                                Real tv_weight, Real* gradient, Real scale, Real* loss,                \
                                                int height, int width) {                                               \
        *loss = Real(gradient_image(image, centre, weight, tv_weight, scale, gradient, height, width));                \
    }

EXPORT(float, )
EXPORT(double, _double)
