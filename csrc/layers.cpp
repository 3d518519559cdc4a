// The layers of layers.cuh on the CPU, row by row. Squared differences are kept for five rows at a time, in a ring
// buffer.
#include <vector>
#include "export.hpp"
#include "layers.cuh"

namespace {

const int ROWS = 2 * TRUST_RADIUS + 1;

template <typename Real>
PIXEL void trust_row(const Real* const* squared, const Real* trust, const SourceTrust<Real>& by, Real* column,
                     Real* reduced, int width) {
    Real* inner = column + TRUST_RADIUS;
    for (int x = 0; x < width; ++x)
        inner[x] = squared[0][x] + squared[1][x] + squared[2][x] + squared[3][x] + squared[4][x];
    for (int k = 0; k < TRUST_RADIUS; ++k) {
        column[k] = inner[0];
        inner[width + k] = inner[width - 1];
    }
    const Real pixels = Real(ROWS * ROWS);
    for (int x = 0; x < width; ++x) {
        const Real sum = column[x] + column[x + 1] + column[x + 2] + column[x + 3] + column[x + 4];
        reduced[x] = reduce_trust(trust[x], sum / pixels, by);
    }
}

template <typename Real>
PIXEL void trust_image(const Real* carried, const Real* source, const Real* trust, const SourceTrust<Real>& by,
                       Real* reduced, int height, int width, Real* buffer) {
    int next = 0;
    for (int y = 0; y < height; ++y) {
        for (; next < height && next <= y + TRUST_RADIUS; ++next) {
            const long first = long(next) * width;
            Real* row = buffer + long(next % ROWS) * width;
            for (int x = 0; x < width; ++x) row[x] = square(carried[first + x] - source[first + x]);
        }
        const Real* rows[ROWS];
        for (int k = 0; k < ROWS; ++k)
            rows[k] = buffer + long(clamp_index(y + k - TRUST_RADIUS, height) % ROWS) * width;
        const long first = long(y) * width;
        trust_row(rows, trust + first, by, buffer + long(ROWS) * width, reduced + first, width);
    }
}

// `tone_row` is [3, width + blocks]: the values of a row's blocks, and behind them those of its pixels.
template <typename Real>
PIXEL void enlarge_row(const Real* tone, Real* tone_row, int y, int blocks_y, int blocks_x, int width) {
    const Between<Real> down = between_blocks<Real>(y, BLOCK, blocks_y);
    const long area = long(blocks_y) * blocks_x;
    for (int c = 0; c < 3; ++c) {
        const Real* before = tone + c * area + long(down.before) * blocks_x;
        const Real* after = tone + c * area + long(down.after) * blocks_x;
        Real *pixels = tone_row + long(c) * (width + blocks_x), *blocks = pixels + width;
        for (int b = 0; b < blocks_x; ++b) blocks[b] = mix(before[b], after[b], down.share);
        for (int x = 0; x < width; ++x) {
            const Between<Real> across = between_blocks<Real>(x, BLOCK, blocks_x);
            pixels[x] = mix(blocks[across.before], blocks[across.after], across.share);
        }
    }
}

template <typename Real>
PIXEL void blend_image(const Real* carried, const Real* stylised, const Real* detail, const Real* source,
                       const Real* trust, const Real* tone, const Blend<Real>& blend, Real* planes, Real* shown,
                       int height, int width, int blocks_x, Real* tone_row) {
    const long area = long(height) * width, tone_area = width + blocks_x;
    for (int y = 0; y < height; ++y) {
        const long first = long(y) * width;
        enlarge_row(tone, tone_row, y, (height + BLOCK - 1) / BLOCK, blocks_x, width);
#pragma omp simd
        for (int x = 0; x < width; ++x)
            blend_pixel(carried + first + x, stylised + first + x, detail + first + x, source[first + x],
                        trust[first + x], tone_row + x, tone_area, blend, planes + first + x, shown + first + x, area);
    }
}

}  // namespace

#define EXPORT(Real, suffix)                                                                                           \
    EXPORTED source_trust##suffix(const Real* carried, const Real* source, const Real* trust, Real ghost, Real same,   \
                                  Real least, Real* reduced, int height, int width) {                                  \
        std::vector<Real> buffer((ROWS + 1) * long(width) + 2 * TRUST_RADIUS);                                         \
        trust_image(carried, source, trust, SourceTrust<Real>{ghost, same, least}, reduced, height, width,             \
                    buffer.data());                                                                                    \
    }                                                                                                                  \
    EXPORTED blend_layers##suffix(const Real* carried, const Real* stylised, const Real* detail, const Real* source,   \
                                  const Real* trust, const Real* tone, Real temporal_weight, Real pixel_weight,        \
                                  Real tone_share, Real keep_first, Real keep_second, Real second_share, Real* planes, \
                                  Real* shown, int height, int width, int blocks_x) {                                  \
        const Blend<Real> blend = {temporal_weight, pixel_weight, tone_share, keep_first, keep_second, second_share};  \
        std::vector<Real> tone_row(3 * (long(width) + blocks_x));                                                      \
        blend_image(carried, stylised, detail, source, trust, tone, blend, planes, shown, height, width, blocks_x,     \
                    tone_row.data());                                                                                  \
    }                                                                                                                  \
    EXPORTED tone_blocks##suffix(const Real* carried, const Real* stylised, const Real* trust, Real* means,            \
                                 int height, int width) {                                                              \
        Real* mean = means;                                                                                            \
        const int columns = (width + BLOCK - 1) / BLOCK;                                                               \
        const long area = long(height) * width, blocks = long((height + BLOCK - 1) / BLOCK) * columns;                 \
        for (int y = 0; y < height; y += BLOCK)                                                                        \
            for (int x = 0; x < width; x += BLOCK, ++mean) {                                                           \
                const long first = long(y) * width + x;                                                                \
                Real found[4];                                                                                         \
                tone_block(carried + first, stylised + first, trust + first, inside_block(y, height),                  \
                           inside_block(x, width), area, width, found);                                                \
                for (int c = 0; c < 4; ++c) mean[c * blocks] = found[c];                                               \
            }                                                                                                          \
    }                                                                                                                  \
    EXPORTED energy_blocks##suffix(const Real* shown, const Real* detail, Real* means, int height, int width) {        \
        Real* mean = means;                                                                                            \
        const int columns = (width + BLOCK - 1) / BLOCK;                                                               \
        const long area = long(height) * width, blocks = long((height + BLOCK - 1) / BLOCK) * columns;                 \
        for (int y = 0; y < height; y += BLOCK)                                                                        \
            for (int x = 0; x < width; x += BLOCK, ++mean) {                                                           \
                const long first = long(y) * width + x;                                                                \
                Real found[2];                                                                                         \
                energy_block(shown + first, detail + first, inside_block(y, height), inside_block(x, width), area,     \
                             width, found);                                                                            \
                for (int c = 0; c < 2; ++c) mean[c * blocks] = found[c];                                               \
            }                                                                                                          \
    }

EXPORT(float, )
EXPORT(double, _double)
