// The layers of layers.cuh on the CPU, row by row. Squared errors are kept for five rows at a time, in a ring
// buffer.
#include <vector>
#include "export.hpp"
#include "layers.cuh"
#include "rows.hpp"

namespace {

const int ROWS = 2 * TRUST_RADIUS + 1;

template <typename Real>
PIXEL void trust_row(const Real* const* errors, const Real* trust, const SourceTrust<Real>& by, Real* column,
                     Real* reduced, int width) {
#pragma omp simd
    for (int x = 0; x < width; ++x)
        column[x + TRUST_RADIUS] = errors[0][x] + errors[1][x] + errors[2][x] + errors[3][x] + errors[4][x];
    repeat_edges(column, TRUST_RADIUS, width);
    const Real pixels = Real(ROWS * ROWS);
#pragma omp simd
    for (int x = 0; x < width; ++x) {
        const Real sum = column[x] + column[x + 1] + column[x + 2] + column[x + 3] + column[x + 4];
        reduced[x] = reduce_trust(trust[x], sum / pixels, by);
    }
}

// `fill_row(row, y)` fills a row of squared errors. `buffer` is [ROWS + 1, width] and 2 TRUST_RADIUS more.
template <typename Real, typename Rows>
PIXEL void trust_image(const Rows& fill_row, const Real* trust, const SourceTrust<Real>& by, Real* reduced, int height,
                       int width, Real* buffer) {
    int next = 0;
    for (int y = 0; y < height; ++y) {
        for (; next < height && next <= y + TRUST_RADIUS; ++next) fill_row(buffer + long(next % ROWS) * width, next);
        const Real* rows[ROWS];
        for (int k = 0; k < ROWS; ++k)
            rows[k] = buffer + long(clamp_index(y + k - TRUST_RADIUS, height) % ROWS) * width;
        const long first = long(y) * width;
        trust_row(rows, trust + first, by, buffer + long(ROWS) * width, reduced + first, width);
    }
}

// Fills `pixels`, from BLOCK before the first to BLOCK behind the last, with values of blocks as `between_blocks` does.
template <typename Real>
PIXEL void enlarge_blocks(const Real* blocks, Real* pixels, int count) {
    for (int b = -1; b < count; ++b) {
        const Real before = blocks[clamp_index(b, count)], after = blocks[clamp_index(b + 1, count)];
        Real* centre = pixels + BLOCK * b + BLOCK / 2;  // of the block before
#pragma omp simd
        for (int k = 0; k < BLOCK; ++k) centre[k] = mix(before, after, Real(2 * k + 1) / Real(2 * BLOCK));
    }
}

// Fills a row of pixels, with the first one at BLOCK; `blended` is [blocks_x].
template <typename Real>
PIXEL void enlarge_row(const Real* blocks, Real* blended, Real* pixels, int y, int blocks_y, int blocks_x) {
    const Between<Real> down = between_blocks<Real>(y, BLOCK, blocks_y);
    const Real *before = blocks + long(down.before) * blocks_x, *after = blocks + long(down.after) * blocks_x;
    for (int b = 0; b < blocks_x; ++b) blended[b] = mix(before[b], after[b], down.share);
    enlarge_blocks(blended, pixels + BLOCK, blocks_x);
}

template <typename Real>
struct SourceRows {
    const Real *carried, *source;
    int width;
    PIXEL void operator()(Real* row, int y) const {
        const long first = long(y) * width;
#pragma omp simd
        for (int x = 0; x < width; ++x) row[x] = square(carried[first + x] - source[first + x]);
    }
};

template <typename Real>
struct StretchRows {
    const Real* backward;
    int height, width;
    PIXEL void operator()(Real* row, int y) const {
        for (int x = 0; x < width; ++x) row[x] = Real(0);
        for (int c = 0; c < 2; ++c) add_gradient_row(backward + c * long(height) * width, y, height, width, row);
#pragma omp simd
        for (int x = 0; x < width; ++x) row[x] /= 4;
    }
};

// `buffer` is [BLOCK (blocks_x + 2) + blocks_x].
template <typename Real>
struct ParticleRows {
    const Real *excess, *around;
    Real grain, least;
    int height, width, blocks_x;
    Real* buffer;
    PIXEL void operator()(Real* row, int y) const {
        enlarge_row(around, buffer + BLOCK * (blocks_x + 2L), buffer, y, (height + BLOCK - 1) / BLOCK, blocks_x);
        const Real *values = excess + long(y) * width, *pixel_around = buffer + BLOCK;
#pragma omp simd
        for (int x = 0; x < width; ++x) row[x] = particle_error(values[x], pixel_around[x], grain, least);
    }
};

// Fills low and high, [width + 2] each, with those of the three rows around a row; those at the ends are repeated.
template <typename Real>
PIXEL void range_of_rows(const Real* image, int y, int height, int width, Real* low, Real* high) {
    const Real *above = image + long(clamp_index(y - 1, height)) * width, *row = image + long(y) * width,
               *below = image + long(clamp_index(y + 1, height)) * width;
#pragma omp simd
    for (int x = 0; x < width; ++x) {
        low[x + 1] = lesser(lesser(above[x], row[x]), below[x]);
        high[x + 1] = greater(greater(above[x], row[x]), below[x]);
    }
    low[0] = low[1], low[width + 1] = low[width];
    high[0] = high[1], high[width + 1] = high[width];
}

template <typename Real>
PIXEL Real outside_range(Real value, const Real* low, const Real* high) {
    return outside(value, lesser(lesser(low[0], low[1]), low[2]), greater(greater(high[0], high[1]), high[2]));
}

// `buffer` is [4, width + 2].
template <typename Real>
PIXEL void excess_image(const Real* image, const Real* other, Real* excess, int height, int width, Real* buffer) {
    const long stride = width + 2L * EXCESS_RADIUS;
    Real *low = buffer, *high = low + stride, *other_low = high + stride, *other_high = other_low + stride;
    for (int y = 0; y < height; ++y) {
        const long first = long(y) * width;
        range_of_rows(image, y, height, width, low, high);
        range_of_rows(other, y, height, width, other_low, other_high);
#pragma omp simd
        for (int x = 0; x < width; ++x)
            excess[first + x] = greater(outside_range(image[first + x], other_low + x, other_high + x),
                                        outside_range(other[first + x], low + x, high + x));
    }
}

template <typename Real>
PIXEL void blend_image(const Real* carried, const Real* stylised, const Real* detail, const Real* source,
                       const Real* trust, const Real* tone, const Blend<Real>& blend, Real* planes, Real* shown,
                       int height, int width, int blocks_x, Real* buffer) {
    const long area = long(height) * width, tone_area = BLOCK * (blocks_x + 2L);
    Real *tone_row = buffer, *blended = buffer + 3 * tone_area;
    for (int y = 0; y < height; ++y) {
        const long first = long(y) * width;
        const int blocks_y = (height + BLOCK - 1) / BLOCK;
        for (int c = 0; c < 3; ++c)
            enlarge_row(tone + c * long(blocks_y) * blocks_x, blended, tone_row + c * tone_area, y, blocks_y, blocks_x);
        const Real* pixel_tone = tone_row + BLOCK;
#pragma omp simd
        for (int x = 0; x < width; ++x)
            blend_pixel(carried + first + x, stylised + first + x, detail + first + x, source[first + x],
                        trust[first + x], pixel_tone + x, tone_area, blend, planes + first + x, shown + first + x,
                        area);
    }
}

// `buffer` is [BLOCK (blocks_x + 2) + blocks_x].
template <typename Real>
PIXEL void add_detail_image(const Real* coarse, const Real* shown, const Real* gain, Real* image, int height, int width,
                       int blocks_x, Real* buffer) {
    const long area = long(height) * width;
    const Real* pixel_gain = buffer + BLOCK;
    for (int y = 0; y < height; ++y) {
        enlarge_row(gain, buffer + BLOCK * (blocks_x + 2L), buffer, y, (height + BLOCK - 1) / BLOCK, blocks_x);
        for (long first = long(y) * width; first < 3 * area; first += area)
#pragma omp simd
            for (int x = 0; x < width; ++x)
                image[first + x] = add_clipped(coarse[first + x], shown[first + x] * pixel_gain[x]);
    }
}

template <typename Real>
struct AddTone {
    const Real *carried, *stylised, *trust;
    int height, width;
    PIXEL void operator()(int y, Real* sums) const {
        const long first = long(y) * width, area = long(height) * width;
#pragma omp simd
        for (int x = 0; x < width; ++x)
            add_tone(carried + first + x, stylised + first + x, trust[first + x], area, sums + x, width);
    }
};

template <typename Real>
struct AddEnergy {
    const Real *shown, *detail;
    int height, width;
    PIXEL void operator()(int y, Real* sums) const {
        const long first = long(y) * width, area = long(height) * width;
#pragma omp simd
        for (int x = 0; x < width; ++x) add_energy(shown + first + x, detail + first + x, area, sums + x, width);
    }
};

template <typename Real>
struct AddGradients {
    const Real *shown, *coarse, *stylised;
    int height, width;
    PIXEL void operator()(int y, Real* sums) const {
        const long first = long(y) * width, area = long(height) * width, down = y + 1 < height ? width : 0;
        const int last = width - 1;
#pragma omp simd
        for (int x = 0; x < last; ++x)
            add_gradients(shown + first + x, coarse + first + x, stylised + first + x, 1, down, area, sums + x, width);
        add_gradients(shown + first + last, coarse + first + last, stylised + first + last, 0, down, area, sums + last,
                      width);
    }
};

// Fills the means of PLANES values over blocks: the sums of columns first, in `sums`, [PLANES, width], then those of
// blocks. `add(y, sums)` adds the values of the pixels of a row.
template <typename Real, int PLANES, typename Add>
PIXEL void block_means(const Add& add, Real* means, int height, int width, Real* sums) {
    const int columns = (width + BLOCK - 1) / BLOCK;
    const long blocks = long((height + BLOCK - 1) / BLOCK) * columns;
    for (int top = 0; top < height; top += BLOCK, means += columns) {
        const int rows = inside_block(top, height);
        for (long k = 0; k < PLANES * long(width); ++k) sums[k] = Real(0);
        for (int y = top; y < top + rows; ++y) add(y, sums);
        for (int c = 0; c < PLANES; ++c)
            for (int b = 0; b < columns; ++b) {
                const int inside = inside_block(b * BLOCK, width);
                Real sum = Real(0);
                for (int k = 0; k < inside; ++k) sum += sums[c * long(width) + b * BLOCK + k];
                means[c * blocks + b] = sum / Real(rows * inside);
            }
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED source_trust##suffix(const Real* carried, const Real* source, const Real* trust, Real ghost, Real same,   \
                                  Real least, Real* reduced, int height, int width) {                                  \
        std::vector<Real> buffer((ROWS + 1) * long(width) + 2 * TRUST_RADIUS);                                         \
        trust_image(SourceRows<Real>{carried, source, width}, trust, SourceTrust<Real>{ghost, same, least}, reduced,   \
                    height, width, buffer.data());                                                                     \
    }                                                                                                                  \
    EXPORTED stretch_trust##suffix(const Real* backward, const Real* trust, Real stretch, Real* reduced, int height,   \
                                   int width) {                                                                        \
        std::vector<Real> buffer((ROWS + 1) * long(width) + 2 * TRUST_RADIUS);                                         \
        trust_image(StretchRows<Real>{backward, height, width}, trust, SourceTrust<Real>{stretch, Real(0), Real(0)},   \
                    reduced, height, width, buffer.data());                                                            \
    }                                                                                                                  \
    EXPORTED particle_trust##suffix(const Real* excess, const Real* around, const Real* trust, Real grain, Real least, \
                                    Real* reduced, int height, int width, int blocks_x) {                              \
        std::vector<Real> buffer((ROWS + 1) * long(width) + 2 * TRUST_RADIUS);                                         \
        std::vector<Real> around_row(BLOCK * (blocks_x + 2L) + blocks_x);                                              \
        trust_image(ParticleRows<Real>{excess, around, grain, least, height, width, blocks_x, around_row.data()}, trust,\
                    SourceTrust<Real>{Real(1), Real(0), Real(0)}, reduced, height, width, buffer.data());              \
    }                                                                                                                  \
    EXPORTED local_excess##suffix(const Real* image, const Real* other, Real* excess, int height, int width) {         \
        std::vector<Real> buffer(4 * (width + 2L * EXCESS_RADIUS));                                                    \
        excess_image(image, other, excess, height, width, buffer.data());                                              \
    }                                                                                                                  \
    EXPORTED blend_layers##suffix(const Real* carried, const Real* stylised, const Real* detail, const Real* source,   \
                                  const Real* trust, const Real* tone, Real temporal_weight, Real pixel_weight,        \
                                  Real tone_share, Real keep_first, Real keep_second, Real second_share, Real* planes, \
                                  Real* shown, int height, int width, int blocks_x) {                                  \
        const Blend<Real> blend = {temporal_weight, pixel_weight, tone_share, keep_first, keep_second, second_share};  \
        std::vector<Real> buffer(3 * BLOCK * (blocks_x + 2L) + blocks_x);                                              \
        blend_image(carried, stylised, detail, source, trust, tone, blend, planes, shown, height, width, blocks_x,     \
                    buffer.data());                                                                                    \
    }                                                                                                                  \
    EXPORTED add_detail##suffix(const Real* coarse, const Real* shown, const Real* gain, Real* image, int height,      \
                                  int width, int blocks_x) {                                                           \
        std::vector<Real> buffer(BLOCK * (blocks_x + 2L) + blocks_x);                                                  \
        add_detail_image(coarse, shown, gain, image, height, width, blocks_x, buffer.data());                          \
    }                                                                                                                  \
    EXPORTED tone_blocks##suffix(const Real* carried, const Real* stylised, const Real* trust, Real* means,            \
                                 int height, int width) {                                                              \
        std::vector<Real> sums(4 * long(width));                                                                       \
        block_means<Real, 4>(AddTone<Real>{carried, stylised, trust, height, width}, means, height, width,             \
                             sums.data());                                                                             \
    }                                                                                                                  \
    EXPORTED energy_blocks##suffix(const Real* shown, const Real* detail, Real* means, int height, int width) {        \
        std::vector<Real> sums(2 * long(width));                                                                       \
        block_means<Real, 2>(AddEnergy<Real>{shown, detail, height, width}, means, height, width, sums.data());        \
    }                                                                                                                  \
    EXPORTED gradient_blocks##suffix(const Real* shown, const Real* coarse, const Real* stylised, Real* means,         \
                                     int height, int width) {                                                          \
        std::vector<Real> sums(4 * long(width));                                                                       \
        block_means<Real, 4>(AddGradients<Real>{shown, coarse, stylised, height, width}, means, height, width,         \
                             sums.data());                                                                             \
    }

EXPORT(float, )
EXPORT(double, _double)
