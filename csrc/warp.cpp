// warp.cuh for every pixel, row by row, on a CPU.
#include "export.hpp"
#include "warp.cuh"

namespace {

template <typename Real>
PIXEL void warp_row(const Real* image, const Real* flow, Real* out, int channels, int height, int width, bool cubic,
                    int y) {
    const long area = long(height) * width;
    const Real *u = flow + long(y) * width, *v = u + area;
    for (int x = 0; x < width; ++x) {
        Real* here = out + long(y) * width + x;
        if (cubic) {
            const Taps<Real, 4> across = cubic_taps(Real(x) + u[x], width), down = cubic_taps(Real(y) + v[x], height);
            for (int c = 0; c < channels; ++c) here[c * area] = gathered(image + c * area, width, across, down);
        } else {
            const Taps<Real, 2> across = linear_taps(Real(x) + u[x], width), down = linear_taps(Real(y) + v[x], height);
            for (int c = 0; c < channels; ++c) here[c * area] = gathered(image + c * area, width, across, down);
        }
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED warp_bicubic##suffix(const Real* image, const Real* flow, Real* out, int channels, int height,            \
                                  int width) {                                                                         \
        for (int y = 0; y < height; ++y) warp_row(image, flow, out, channels, height, width, true, y);                 \
    }                                                                                                                  \
    EXPORTED warp_bilinear##suffix(const Real* image, const Real* flow, Real* out, int channels, int height,           \
                                   int width) {                                                                        \
        for (int y = 0; y < height; ++y) warp_row(image, flow, out, channels, height, width, false, y);                \
    }

EXPORT(float, )
EXPORT(double, _double)
