// Backward warp on the CPU: the pixel functions of warp.cuh, row by row.
#include "export.hpp"
#include "warp.cuh"

namespace {

template <typename Real>
PIXEL void warp_row(const Real* image, const Real* flow, Real* output, int channels, int height, int width, bool cubic,
                    int y) {
    const long area = long(height) * width;
    const Real *u = flow + long(y) * width, *v = u + area;
    for (int x = 0; x < width; ++x) {
        Real* pixel = output + long(y) * width + x;
        if (cubic) {
            const Taps<Real, 4> taps_x = cubic_taps(Real(x) + u[x], width), taps_y = cubic_taps(Real(y) + v[x], height);
            for (int c = 0; c < channels; ++c) pixel[c * area] = interpolate(image + c * area, width, taps_x, taps_y);
        } else {
            const Taps<Real, 2> taps_x = linear_taps(Real(x) + u[x], width);
            const Taps<Real, 2> taps_y = linear_taps(Real(y) + v[x], height);
            for (int c = 0; c < channels; ++c) pixel[c * area] = interpolate(image + c * area, width, taps_x, taps_y);
        }
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED warp_bicubic##suffix(const Real* image, const Real* flow, Real* output, int channels, int height,         \
                                  int width) {                                                                         \
        for (int y = 0; y < height; ++y) warp_row(image, flow, output, channels, height, width, true, y);              \
    }                                                                                                                  \
    EXPORTED warp_bilinear##suffix(const Real* image, const Real* flow, Real* output, int channels, int height,        \
                                   int width) {                                                                        \
        for (int y = 0; y < height; ++y) warp_row(image, flow, output, channels, height, width, false, y);             \
    }

EXPORT(float, )
EXPORT(double, _double)
