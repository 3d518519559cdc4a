// Backward warp on the CPU: the pixel functions of warp.cuh, row by row; Lanczos' many taps for several pixels at once.
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

// Lanczos: pixels of a row are sampled GROUP at a time. Neighbours mostly move alike, so a group reads one window of the
// image, and each of its pixels has weights for all taps of the window, 0 for those that are not its own.
const int GROUP = 16;
const int USUAL_TAPS = 8, MOST_TAPS = 16;  // of windows that loops are unrolled for, and of the largest
const int PADDING = USUAL_TAPS - LANCZOS_TAPS, PADDED_TAPS = LANCZOS_TAPS + 2 * PADDING;
const int MARGIN = LANCZOS_BEFORE + GROUP;   // furthest that a window reaches outside the image, in pixels
const int STRIP = 2 * MARGIN + GROUP;        // columns of a strip: with repeated edge pixels, all that such windows read

template <typename Real>
struct Window {
    Real weights_x[MOST_TAPS][GROUP], weights_y[MOST_TAPS][GROUP];
    const Real* rows[MOST_TAPS];  // of the first channel: the first pixel that each tap row reads
    long area;                    // from a channel to the next
    int taps;                     // in both directions
};

// Where the pixels of a group are: the one that each is in, less its place in the group, and the phase.
struct Places {
    int first[GROUP], phase[GROUP];
};

PIXEL int least(const int* values) {
    int result = values[0];
#pragma omp simd reduction(min : result)
    for (int k = 0; k < GROUP; ++k) result = values[k] < result ? values[k] : result;
    return result;
}

PIXEL int greatest(const int* values) {
    int result = values[0];
#pragma omp simd reduction(max : result)
    for (int k = 0; k < GROUP; ++k) result = values[k] > result ? values[k] : result;
    return result;
}

// Finds where the pixels of a group are along one axis; `step` is 1 along the row and 0 down.
template <typename Real>
PIXEL void find_places(const Real* flow, int position, int step, int size, Places& places) {
#pragma omp simd
    for (int k = 0; k < GROUP; ++k) {
        const Phase at = phase_at(Real(position + k * step) + flow[k], size);
        places.first[k] = at.first - k * step;
        places.phase[k] = at.phase;
    }
}

template <typename Real>
struct Four {
    typedef Real type __attribute__((vector_size(4 * sizeof(Real)), aligned(alignof(Real)), may_alias));
};

// Makes columns, GROUP apart, of four values each of four rows, from `first` on.
template <typename Real>
PIXEL void transpose_four(const Real* const* rows, int first, Real* columns) {
#if defined(__has_builtin) && __has_builtin(__builtin_shufflevector)
    typedef typename Four<Real>::type Values;
    const Values a = *(const Values*)(rows[0] + first), b = *(const Values*)(rows[1] + first);
    const Values c = *(const Values*)(rows[2] + first), d = *(const Values*)(rows[3] + first);
    const Values ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Values cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(Values*)columns = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(Values*)(columns + GROUP) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(Values*)(columns + 2 * GROUP) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    *(Values*)(columns + 3 * GROUP) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
#else
    for (int n = 0; n < 4; ++n)
        for (int i = 0; i < 4; ++i) columns[i * GROUP + n] = rows[n][first + i];
#endif
}

// Fills the weights of a window of `taps` that begins at `first`. `table` is [PHASES, PADDED_TAPS], with zeros around.
template <typename Real>
PIXEL void fill_weights(const Places& places, int first, int taps, const Real* table, Real (*weights)[GROUP]) {
    if (taps <= USUAL_TAPS) {
        for (int k = 0; k < GROUP; k += 4) {
            const Real* rows[4];
            for (int n = 0; n < 4; ++n)
                rows[n] = table + places.phase[k + n] * PADDED_TAPS + PADDING - (places.first[k + n] - first);
            for (int i = 0; i < USUAL_TAPS; i += 4) transpose_four(rows, i, &weights[i][k]);
        }
        return;
    }
    for (int i = 0; i < taps; ++i)
        for (int k = 0; k < GROUP; ++k) weights[i][k] = Real(0);
    for (int k = 0; k < GROUP; ++k)
        for (int i = 0; i < LANCZOS_TAPS; ++i)
            weights[places.first[k] - first + i][k] = table[places.phase[k] * PADDED_TAPS + PADDING + i];
}

// Samples one channel, `offset` from the first one, in a window of TAPS, which is known to the compiler.
template <typename Real, int TAPS>
PIXEL void sample(const Window<Real>& window, long offset, Real* sampled) {
    const Real* rows[TAPS];
    for (int j = 0; j < TAPS; ++j) rows[j] = window.rows[j] + offset;
#pragma omp simd
    for (int k = 0; k < GROUP; ++k) {
        Real sum = Real(0);
        _Pragma("GCC unroll 8")
        for (int j = 0; j < TAPS; ++j) {
            Real row_sum = Real(0);
            _Pragma("GCC unroll 8")
            for (int i = 0; i < TAPS; ++i) row_sum += window.weights_x[i][k] * rows[j][i + k];
            sum += window.weights_y[j][k] * row_sum;
        }
        sampled[k] = sum;
    }
}

// The same in a window of any size.
template <typename Real>
PIXEL void sample_any(const Window<Real>& window, long offset, Real* sampled) {
    const int taps = window.taps;
    for (int k = 0; k < GROUP; ++k) sampled[k] = Real(0);
    for (int j = 0; j < taps; ++j) {
        const Real* row = window.rows[j] + offset;
#pragma omp simd
        for (int k = 0; k < GROUP; ++k) {
            Real row_sum = Real(0);
            for (int i = 0; i < taps; ++i) row_sum += window.weights_x[i][k] * row[i + k];
            sampled[k] += window.weights_y[j][k] * row_sum;
        }
    }
}

// Fills the strips at the left and the right edge, [2, channels, height, STRIP].
template <typename Real>
PIXEL void fill_strips(const Real* image, Real* strips, int channels, int height, int width) {
    Real *left = strips, *right = strips + long(channels) * height * STRIP;
    for (long y = 0; y < long(channels) * height; ++y, image += width, left += STRIP, right += STRIP)
        for (int k = 0; k < STRIP; ++k) {
            left[k] = image[clamp_index(k - MARGIN, width)];
            right[k] = image[clamp_index(width + MARGIN - STRIP + k, width)];
        }
}

template <typename Real>
struct LanczosImage {
    const Real *image, *strips, *table, *padded;
    int channels, height, width;

    // Fills the window of a group; returns whether there is one: not if its pixels are too far from each other.
    PIXEL bool find_window(const Places& across, const Places& down, Window<Real>& window) const {
        const int first_x = least(across.first), first_y = least(down.first);
        const int more_x = greatest(across.first) - first_x, more_y = greatest(down.first) - first_y;
        const int taps = LANCZOS_TAPS + (more_x > more_y ? more_x : more_y);
        if (taps > MOST_TAPS) return false;
        window.taps = taps;
        fill_weights(across, first_x, taps, padded, window.weights_x);
        fill_weights(down, first_y, taps, padded, window.weights_y);
        const int left = first_x - LANCZOS_BEFORE, top = first_y - LANCZOS_BEFORE;
        const bool at_left = left < 0, at_right = left + taps + GROUP - 1 > width;
        const long stride = at_left || at_right ? STRIP : width;
        window.area = height * stride;
        const Real* columns = at_left    ? strips + left + MARGIN
                              : at_right ? strips + channels * window.area + left - (width + MARGIN - STRIP)
                                         : image + left;
        for (int j = 0; j < taps; ++j) window.rows[j] = columns + clamp_index(top + j, height) * stride;
        return true;
    }

    // Samples a group of a row whose first pixel is at (x, y); `u` and `v` are its flow, and `output` is where it goes.
    PIXEL void sample_group(const Real* u, const Real* v, int x, int y, Real* output) const {
        Places across, down;
        find_places(u, x, 1, width, across);
        find_places(v, y, 0, height, down);
        Window<Real> window;
        if (!find_window(across, down, window)) return sample_pixels(u, v, x, y, GROUP, output);
        for (int c = 0; c < channels; ++c, output += long(height) * width) {
            const long offset = c * window.area;
            if (window.taps == 6) sample<Real, 6>(window, offset, output);
            else if (window.taps == 7) sample<Real, 7>(window, offset, output);
            else if (window.taps == 8) sample<Real, 8>(window, offset, output);
            else sample_any(window, offset, output);
        }
    }

    // Samples pixels one by one.
    PIXEL void sample_pixels(const Real* u, const Real* v, int x, int y, int count, Real* output) const {
        const long area = long(height) * width;
        for (int k = 0; k < count; ++k) {
            const Taps<Real, LANCZOS_TAPS> across = lanczos_taps(Real(x + k) + u[k], width, table);
            const Taps<Real, LANCZOS_TAPS> down = lanczos_taps(Real(y) + v[k], height, table);
            for (int c = 0; c < channels; ++c)
                output[c * area + k] = interpolate(image + c * area, width, across, down);
        }
    }

    // Samples a row. Where its last group is not whole, it begins earlier.
    PIXEL void sample_row(const Real* u, const Real* v, int y, Real* output) const {
        if (width < STRIP) return sample_pixels(u, v, 0, y, width, output);
        for (int next = 0; next < width; next += GROUP) {
            const int x = next < width - GROUP ? next : width - GROUP;
            sample_group(u + x, v + x, x, y, output + x);
        }
    }
};

template <typename Real>
PIXEL void lanczos_image(const Real* image, const Real* flow, const Real* table, Real* output, int channels, int height,
                         int width) {
    Real padded[PHASES * PADDED_TAPS] = {};
    for (int phase = 0; phase < PHASES; ++phase)
        for (int i = 0; i < LANCZOS_TAPS; ++i)
            padded[phase * PADDED_TAPS + PADDING + i] = table[phase * LANCZOS_TAPS + i];
    std::unique_ptr<Real[]> strips(new Real[2L * channels * height * STRIP]);
    fill_strips(image, strips.get(), channels, height, width);
    const LanczosImage<Real> from = {image, strips.get(), table, padded, channels, height, width};
    for (int y = 0; y < height; ++y) {
        const long first = long(y) * width;
        from.sample_row(flow + first, flow + long(height) * width + first, y, output + first);
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
    }                                                                                                                  \
    EXPORTED warp_lanczos##suffix(const Real* image, const Real* flow, const Real* table, Real* output, int channels,  \
                                  int height, int width) {                                                             \
        lanczos_image(image, flow, table, output, channels, height, width);                                            \
    }

EXPORT(float, )
EXPORT(double, _double)
