// The pixel functions on a CPU, row by row, behind a plain C ABI: each `NAME` in float, each `NAME_double` for tests.
//
// One thread and sums in a fixed order, so that a result depends on nothing else. On x86-64 the compiler makes each loop
// several times over, and the loader picks what the processor has.
#include "occlusion.cuh"
#include "planes.cuh"
#include "temporal.cuh"
#include "warp.cuh"

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

#if defined(_WIN32)
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C" __attribute__((visibility("default")))
#endif

namespace {

// ---- warp ----

template <typename Real>
PIXEL void warp_row(const Real* image, const Real* flow, Real* out, int channels, int height, int width, int cubic, int y) {
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

// ---- occlusion ----

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

// ---- temporal ----

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
            total += pull_row(images, centres, stiffness + row, tv_weight, scale, gradient + long(c) * height * width + row, width);
        }
    return total * double(scale);
}

// ---- planes ----

template <typename Real>
PIXEL void fill_planes(const Real* image, Real red, Real blue, unsigned char* planes, int height, int width) {
    const int area = height * width;
    for (int place = 0; place < area; ++place) planes[place] = luma(image, place, area, red, blue);
    unsigned char *u = planes + area, *v = u + area / 4;
    for (int y = 0; y < height / 2; ++y)
        for (int x = 0; x < width / 2; ++x) {
            const Chroma<Real> found = chroma(image, x, y, height, width, red, blue);
            *u++ = stored(found.u);
            *v++ = stored(found.v);
        }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED FOR_EACH_PROCESSOR void warp##suffix(const Real* image, const Real* flow, Real* out, int channels,        \
                                                  int height, int width, int cubic) {                                  \
        for (int y = 0; y < height; ++y) warp_row(image, flow, out, channels, height, width, cubic, y);                \
    }                                                                                                                  \
    /* `space` has room for 6 rows and 4 more. */                                                                      \
    EXPORTED FOR_EACH_PROCESSOR void consistency_weight##suffix(const Real* backward, const Real* forward,             \
                                                                Real* weight, int height, int width, Real* space) {    \
        weigh(backward, forward, weight, height, width, space);                                                        \
    }                                                                                                                  \
    EXPORTED FOR_EACH_PROCESSOR double temporal_term##suffix(                                                          \
        const Real* carried, const Real* stylised, const Real* trust, Real temporal_weight, Real pixel_weight,         \
        Real scale, Real* centre, Real* stiffness, int height, int width) {                                            \
        double total = 0;                                                                                              \
        const long area = long(height) * width;                                                                        \
        for (long row = 0; row < area; row += width)                                                                   \
            total += hold_row(carried + row, stylised + row, trust + row, temporal_weight, pixel_weight, centre + row, \
                              stiffness + row, area, width);                                                           \
        return total * double(scale);                                                                                  \
    }                                                                                                                  \
    EXPORTED FOR_EACH_PROCESSOR double temporal_pull##suffix(const Real* image, const Real* centre,                    \
                                                             const Real* stiffness, Real tv_weight, Real scale,        \
                                                             Real* gradient, int height, int width) {                  \
        return pull_all(image, centre, stiffness, tv_weight, scale, gradient, height, width);                          \
    }                                                                                                                  \
    EXPORTED FOR_EACH_PROCESSOR void to_planes##suffix(const Real* image, Real red, Real blue, unsigned char* planes,  \
                                                       int height, int width) {                                        \
        fill_planes(image, red, blue, planes, height, width);                                                          \
    }

EXPORT(float, )
EXPORT(double, _double)
