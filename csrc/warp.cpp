// Backward warp on the CPU: the pixel functions of warp.cuh, row by row. For Lanczos' many taps the channels of a pixel
// are first brought side by side, so that one multiplication serves all of them.
#include <memory>
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

// Four numbers that are added and multiplied at once, loaded from any address.
template <typename Real>
struct Four {
    typedef Real type __attribute__((vector_size(4 * sizeof(Real)), aligned(alignof(Real)), may_alias));
};

const int MARGIN = LANCZOS_TAPS / 2;  // repeated edge pixels around an interleaved image

// Fills a row of an interleaved image, [width + 2 MARGIN, 4 FOURS]; lanes without a channel repeat the last one.
template <typename Real, int FOURS>
PIXEL void interleave_row(const Real* row, long area, Real* pixels, int channels, int width) {
    typedef typename Four<Real>::type Lanes;
    Lanes* inner = (Lanes*)pixels + MARGIN * FOURS;
    for (int n = 0; n < FOURS; ++n) {
        const Real* from[4];
        for (int k = 0; k < 4; ++k) from[k] = row + clamp_index(4 * n + k, channels) * area;
        for (int x = 0; x < width; ++x) inner[x * FOURS + n] = Lanes{from[0][x], from[1][x], from[2][x], from[3][x]};
        for (int k = 1; k <= MARGIN; ++k) {
            inner[n - k * FOURS] = inner[n];
            inner[(width - 1 + k) * FOURS + n] = inner[(width - 1) * FOURS + n];
        }
    }
}

// Samples up to 4 FOURS channels of one row into `sampled`, [width, 4 FOURS].
template <typename Real, int FOURS>
PIXEL void lanczos_row(const Real* pixels, const Real* u, const Real* v, const Real* table, Real* sampled, int height,
                       int width, int y) {
    typedef typename Four<Real>::type Lanes;
    const long stride = (width + 2L * MARGIN) * FOURS, offset = MARGIN - LANCZOS_BEFORE;
    for (int x = 0; x < width; ++x) {
        const Phase across = phase_at(Real(x) + u[x], width), down = phase_at(Real(y) + v[x], height);
        const Lanes* corner = (const Lanes*)pixels + (down.first + offset) * stride + (across.first + offset) * FOURS;
        const Real *weights_x = table + across.phase * LANCZOS_TAPS, *weights_y = table + down.phase * LANCZOS_TAPS;
        Lanes sums[FOURS] = {};
        for (int j = 0; j < LANCZOS_TAPS; ++j) {
            const Lanes* taps = corner + j * stride;
            Lanes row_sums[FOURS] = {};
            _Pragma("GCC unroll 6")
            for (int i = 0; i < LANCZOS_TAPS; ++i)
                UNROLL
                for (int n = 0; n < FOURS; ++n) row_sums[n] += weights_x[i] * taps[i * FOURS + n];
            UNROLL
            for (int n = 0; n < FOURS; ++n) sums[n] += weights_y[j] * row_sums[n];
        }
        UNROLL
        for (int n = 0; n < FOURS; ++n) ((Lanes*)sampled)[x * FOURS + n] = sums[n];
    }
}

// Warps up to 4 FOURS channels.
template <typename Real, int FOURS>
PIXEL void lanczos_channels(const Real* image, const Real* flow, const Real* table, Real* output, int channels,
                            int height, int width) {
    const int lanes = 4 * FOURS;
    const long area = long(height) * width, stride = (width + 2L * MARGIN) * lanes;
    const std::unique_ptr<Real[]> buffer(new Real[(height + 2L * MARGIN) * stride + long(width) * lanes]);
    Real *pixels = buffer.get(), *sampled = pixels + (height + 2L * MARGIN) * stride;
    for (int y = -MARGIN; y < height + MARGIN; ++y) {
        const Real* row = image + long(clamp_index(y, height)) * width;
        interleave_row<Real, FOURS>(row, area, pixels + (y + MARGIN) * stride, channels, width);
    }
    for (int y = 0; y < height; ++y) {
        const Real* u = flow + long(y) * width;
        lanczos_row<Real, FOURS>(pixels, u, u + area, table, sampled, height, width, y);
        Real* row = output + long(y) * width;
        for (int c = 0; c < channels; ++c)
            for (int x = 0; x < width; ++x) row[c * area + x] = sampled[x * lanes + c];
    }
}

template <typename Real>
PIXEL void lanczos_image(const Real* image, const Real* flow, const Real* table, Real* output, int channels, int height,
                         int width) {
    const long area = long(height) * width;
    for (; channels > 4; channels -= 12, image += 12 * area, output += 12 * area)
        lanczos_channels<Real, 3>(image, flow, table, output, channels < 12 ? channels : 12, height, width);
    if (channels > 0) lanczos_channels<Real, 1>(image, flow, table, output, channels, height, width);
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
    }                                                                                                                  \
    EXPORTED warp_lanczos##suffix(const Real* image, const Real* flow, const Real* table, Real* output, int channels,  \
                                  int height, int width) {                                                             \
        lanczos_image(image, flow, table, output, channels, height, width);                                            \
    }

EXPORT(float, )
EXPORT(double, _double)
