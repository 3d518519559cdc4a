// The layers of layers.cuh. The torch twins are in streamstyle/ops/layers.py, those of the trust in
// streamstyle/ops/carried_trust.py.
#include "layers.cuh"

#define TILE_X 32
#define TILE_Y 8
#define HALO_X (TILE_X + 2 * TRUST_RADIUS)  // columns of a tile with the pixels around it
#define HALO_Y (TILE_Y + 2 * TRUST_RADIUS)  // rows
#define SIDE (2 * TRUST_RADIUS + 1)

// Reduces the trust by squared errors, `error(x, y)`, in the mean over SIDE x SIDE pixels. One thread per pixel in blocks
// of exactly 32x8, which share the errors of their tile.
template <typename Error>
__device__ __forceinline__ void reduce_by(const Error& error, const float* trust, const SourceTrust<float>& by,
                                          float* reduced, int height, int width) {
    __shared__ float errors[HALO_Y][HALO_X];
    const int left = blockIdx.x * TILE_X - TRUST_RADIUS, top = blockIdx.y * TILE_Y - TRUST_RADIUS;
    const int thread = threadIdx.y * TILE_X + threadIdx.x;
    for (int cell = thread; cell < HALO_X * HALO_Y; cell += TILE_X * TILE_Y) {
        const int i = cell % HALO_X, j = cell / HALO_X;
        errors[j][i] = error(clamp_index(left + i, width), clamp_index(top + j, height));
    }
    __syncthreads();
    const int x = left + TRUST_RADIUS + threadIdx.x, y = top + TRUST_RADIUS + threadIdx.y;
    if (x >= width || y >= height) return;
    float sum = 0;
    for (int j = 0; j < SIDE; ++j)
        for (int i = 0; i < SIDE; ++i) sum += errors[threadIdx.y + j][threadIdx.x + i];
    const int pixel = y * width + x;
    reduced[pixel] = reduce_trust(trust[pixel], sum / float(SIDE * SIDE), by);
}

struct SourceError {
    const float *carried, *source;
    int width;
    __device__ float operator()(int x, int y) const { return square(carried[y * width + x] - source[y * width + x]); }
};

struct StretchError {
    const float* backward;
    int height, width;
    __device__ float operator()(int x, int y) const {
        return (squared_gradient(backward, x, y, height, width) +
                squared_gradient(backward + height * width, x, y, height, width)) / 4;
    }
};

// Returns the value of blocks, [blocks_y, blocks_x], at a pixel.
__device__ __forceinline__ float enlarge_at(const float* blocks, int x, int y, int blocks_y, int blocks_x) {
    const Between<float> across = between_blocks<float>(x, BLOCK, blocks_x), down = between_blocks<float>(y, BLOCK, blocks_y);
    const float *before = blocks + down.before * blocks_x, *after = blocks + down.after * blocks_x;
    return mix(mix(before[across.before], after[across.before], down.share),
               mix(before[across.after], after[across.after], down.share), across.share);
}

struct ParticleError {
    const float *excess, *around;
    float grain, least;
    int width, blocks_y, blocks_x;
    __device__ float operator()(int x, int y) const {
        return particle_error(excess[y * width + x], enlarge_at(around, x, y, blocks_y, blocks_x), grain, least);
    }
};

extern "C" __global__ void source_trust(const float* carried,  // [height, width]: luma of the source, warped
                                        const float* source,   // [height, width]: luma of the frame
                                        const float* trust,    // [height, width]: c
                                        float ghost, float same, float least,
                                        float* reduced,  // [height, width]
                                        int height, int width) {
    reduce_by(SourceError{carried, source, width}, trust, SourceTrust<float>{ghost, same, least}, reduced, height, width);
}

extern "C" __global__ void stretch_trust(const float* backward,  // [2, height, width] pixels
                                         const float* trust,     // [height, width]: c
                                         float stretch,
                                         float* reduced,  // [height, width]
                                         int height, int width) {
    reduce_by(StretchError{backward, height, width}, trust, SourceTrust<float>{stretch, 0, 0}, reduced, height, width);
}

extern "C" __global__ void particle_trust(const float* excess,  // [height, width]
                                          const float* around,  // [height / BLOCK, width / BLOCK], rounded up
                                          const float* trust,   // [height, width]: c
                                          float grain, float least,
                                          float* reduced,  // [height, width]
                                          int height, int width, int blocks_x) {
    const ParticleError error = {excess, around, grain, least, width, (height + BLOCK - 1) / BLOCK, blocks_x};
    reduce_by(error, trust, SourceTrust<float>{1, 0, 0}, reduced, height, width);
}

// One thread per pixel in blocks of 32x8.
extern "C" __global__ void local_excess(const float* image,  // [height, width]
                                        const float* other,  // [height, width]
                                        float* excess,       // [height, width]
                                        int height, int width) {
    const int x = blockIdx.x * TILE_X + threadIdx.x, y = blockIdx.y * TILE_Y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int pixel = y * width + x;
    float low = image[pixel], high = low, other_low = other[pixel], other_high = other_low;
    for (int j = -EXCESS_RADIUS; j <= EXCESS_RADIUS; ++j)
        for (int i = -EXCESS_RADIUS; i <= EXCESS_RADIUS; ++i) {
            const int near = clamp_index(y + j, height) * width + clamp_index(x + i, width);
            low = lesser(low, image[near]), high = greater(high, image[near]);
            other_low = lesser(other_low, other[near]), other_high = greater(other_high, other[near]);
        }
    excess[pixel] = greater(outside(image[pixel], other_low, other_high), outside(other[pixel], low, high));
}

// One thread per pixel in blocks of 32x8: 124 bytes, 18 floats read and 13 written, and the tone of blocks.
extern "C" __global__ void blend_layers(const float* carried,   // [10, height, width]
                                        const float* stylised,  // [3, height, width]
                                        const float* detail,    // [3, height, width]: of `stylised`
                                        const float* source,    // [height, width]
                                        const float* trust,     // [height, width]: c
                                        const float* tone,      // [3, height / BLOCK, width / BLOCK], rounded up
                                        float temporal_weight, float pixel_weight, float tone_share, float keep_first,
                                        float keep_second, float second_share,
                                        float* planes,  // [10, height, width]
                                        float* shown,   // [3, height, width]
                                        int height, int width, int blocks_x) {
    const int x = blockIdx.x * TILE_X + threadIdx.x, y = blockIdx.y * TILE_Y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int pixel = y * width + x, blocks_y = (height + BLOCK - 1) / BLOCK;
    float pixel_tone[3];
    for (int c = 0; c < 3; ++c)
        pixel_tone[c] = enlarge_at(tone + c * blocks_y * blocks_x, x, y, blocks_y, blocks_x);
    const Blend<float> blend = {temporal_weight, pixel_weight, tone_share, keep_first, keep_second, second_share};
    blend_pixel(carried + pixel, stylised + pixel, detail + pixel, source[pixel], trust[pixel], pixel_tone, 1, blend,
                planes + pixel, shown + pixel, long(height) * width);
}

// One thread per pixel in blocks of 32x8.
extern "C" __global__ void add_detail(const float* coarse,  // [3, height, width]: without its own detail
                                        const float* shown,   // [3, height, width]: detail
                                        const float* gain,    // [height / BLOCK, width / BLOCK], rounded up
                                        float* image,         // [3, height, width]
                                        int height, int width, int blocks_x) {
    const int x = blockIdx.x * TILE_X + threadIdx.x, y = blockIdx.y * TILE_Y + threadIdx.y;
    if (x >= width || y >= height) return;
    const float pixel_gain = enlarge_at(gain, x, y, (height + BLOCK - 1) / BLOCK, blocks_x);
    for (int c = 0; c < 3; ++c) {
        const int pixel = (c * height + y) * width + x;
        image[pixel] = add_clipped(coarse[pixel], shown[pixel] * pixel_gain);
    }
}

// One thread per block of BLOCK x BLOCK pixels.
extern "C" __global__ void tone_blocks(const float* carried,   // [3, height, width]
                                       const float* stylised,  // [3, height, width]
                                       const float* trust,     // [height, width]: c
                                       float* means,           // [4, height / BLOCK, width / BLOCK], rounded up
                                       int height, int width) {
    const int column = blockIdx.x * TILE_X + threadIdx.x, row = blockIdx.y * TILE_Y + threadIdx.y;
    const int columns = (width + BLOCK - 1) / BLOCK, rows = (height + BLOCK - 1) / BLOCK;
    if (column >= columns || row >= rows) return;
    const int x = column * BLOCK, y = row * BLOCK, first = y * width + x;
    const int inside_y = inside_block(y, height), inside_x = inside_block(x, width);
    float sums[4] = {};
    for (int j = 0; j < inside_y; ++j)
        for (int i = 0; i < inside_x; ++i) {
            const int pixel = first + j * width + i;
            add_tone(carried + pixel, stylised + pixel, trust[pixel], long(height) * width, sums, 1);
        }
    for (int c = 0; c < 4; ++c) means[(c * rows + row) * columns + column] = sums[c] / float(inside_y * inside_x);
}

// One thread per block of BLOCK x BLOCK pixels.
extern "C" __global__ void energy_blocks(const float* shown,   // [3, height, width]
                                         const float* detail,  // [3, height, width]
                                         float* means,         // [2, height / BLOCK, width / BLOCK], rounded up
                                         int height, int width) {
    const int column = blockIdx.x * TILE_X + threadIdx.x, row = blockIdx.y * TILE_Y + threadIdx.y;
    const int columns = (width + BLOCK - 1) / BLOCK, rows = (height + BLOCK - 1) / BLOCK;
    if (column >= columns || row >= rows) return;
    const int x = column * BLOCK, y = row * BLOCK, first = y * width + x;
    const int inside_y = inside_block(y, height), inside_x = inside_block(x, width);
    float sums[2] = {};
    for (int j = 0; j < inside_y; ++j)
        for (int i = 0; i < inside_x; ++i) {
            const int pixel = first + j * width + i;
            add_energy(shown + pixel, detail + pixel, long(height) * width, sums, 1);
        }
    for (int c = 0; c < 2; ++c) means[(c * rows + row) * columns + column] = sums[c] / float(inside_y * inside_x);
}

// One thread per block of BLOCK x BLOCK pixels.
extern "C" __global__ void gradient_blocks(const float* shown,     // [3, height, width]
                                           const float* coarse,    // [3, height, width]
                                           const float* stylised,  // [3, height, width]
                                           float* means,           // [4, height / BLOCK, width / BLOCK], rounded up
                                           int height, int width) {
    const int column = blockIdx.x * TILE_X + threadIdx.x, row = blockIdx.y * TILE_Y + threadIdx.y;
    const int columns = (width + BLOCK - 1) / BLOCK, rows = (height + BLOCK - 1) / BLOCK;
    if (column >= columns || row >= rows) return;
    const int x = column * BLOCK, y = row * BLOCK;
    const int inside_y = inside_block(y, height), inside_x = inside_block(x, width);
    float sums[4] = {};
    for (int j = 0; j < inside_y; ++j)
        for (int i = 0; i < inside_x; ++i) {
            const int pixel = (y + j) * width + x + i;
            const long right = x + i + 1 < width ? 1 : 0, down = y + j + 1 < height ? width : 0;
            add_gradients(shown + pixel, coarse + pixel, stylised + pixel, right, down, long(height) * width, sums, 1);
        }
    for (int c = 0; c < 4; ++c) means[(c * rows + row) * columns + column] = sums[c] / float(inside_y * inside_x);
}
