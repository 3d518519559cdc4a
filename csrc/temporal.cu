// The temporal term of temporal.cuh, and its loss and gradient, one launch each. The torch twins are
// `torch_temporal_term` and `TemporalTerm.torch_loss_and_gradient` in streamstyle/ops/temporal.py.
//
// No scattered writes: each thread gathers the gradient of its own pixel. Sums are taken in a fixed order (per thread,
// as a tree over the block, then over all blocks by the block that finishes last), so results are the same bit for bit.
#include "temporal.cuh"

#define TILE_X 32
#define TILE_Y 8
#define THREADS (TILE_X * TILE_Y)

// Returns, in thread 0, the sum over the block. All threads of a 32x8 block must call it.
__device__ __forceinline__ double block_sum(double value, int thread) {
    __shared__ double sums[THREADS];
    sums[thread] = value;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (thread < half) sums[thread] += sums[thread + half];
        __syncthreads();
    }
    return sums[0];
}

// Writes the sum over all blocks, times `scale`, to `*total`. `*finished` counts blocks; it is 0 before and after, so
// that a CUDA graph can replay the launch.
__device__ __forceinline__ void write_total(double block_total, double* partial, unsigned int* finished, float scale,
                                            float* total, int thread) {
    __shared__ bool last;
    const unsigned int blocks = gridDim.x * gridDim.y, block = blockIdx.y * gridDim.x + blockIdx.x;
    if (thread == 0) {
        partial[block] = block_total;
        __threadfence();
        last = atomicAdd(finished, 1u) == blocks - 1;
    }
    __syncthreads();
    if (!last) return;
    __threadfence();  // all of `partial` must be written before any of it is read
    double thread_total = 0;
    for (unsigned int other = thread; other < blocks; other += THREADS)
        thread_total += ((volatile double*)partial)[other];
    const double grid_total = block_sum(thread_total, thread);
    if (thread == 0) {
        *total = float(grid_total) * scale;
        *finished = 0;
    }
}

// Once per frame: centre, weight and minimum. One thread per pixel in blocks of 32x8; those outside the image add 0.
extern "C" __global__ void temporal_term(const float* carried,   // [3, height, width]: W
                                         const float* stylised,  // [3, height, width]: J
                                         const float* trust,     // [height, width]: c
                                         float temporal_weight, float pixel_weight,
                                         float* centre,    // [3, height, width]
                                         float* weight,    // [height, width]
                                         double* partial,  // [blocks]
                                         unsigned int* finished, float scale, float* minimum, int height, int width) {
    const int x = blockIdx.x * TILE_X + threadIdx.x, y = blockIdx.y * TILE_Y + threadIdx.y;
    const int thread = threadIdx.y * TILE_X + threadIdx.x, area = height * width, pixel = y * width + x;
    float pixel_minimum = 0;
    if (x < width && y < height) {
        const Parabola<float> terms = parabola(trust[pixel], temporal_weight, pixel_weight);
        for (int index = pixel; index < 3 * area; index += area) {
            const float difference = carried[index] - stylised[index];
            centre[index] = stylised[index] + terms.carried_share * difference;
            pixel_minimum += square(difference);
        }
        weight[pixel] = terms.weight;
        pixel_minimum *= pixel_weight * terms.carried_share;
    }
    write_total(block_sum(pixel_minimum, thread), partial, finished, scale, minimum, thread);
}

// Once per iteration: 40 bytes per pixel, seven floats read and three written, besides the margins of the tiles. One
// thread per pixel in blocks of exactly 32x8, channel after channel.
extern "C" __global__ void temporal_loss_and_gradient(const float* image,   // [3, height, width]: x
                                                      const float* centre,  // [3, height, width]
                                                      const float* weight,  // [height, width]
                                                      float tv_weight,
                                                      float* gradient,  // [3, height, width]
                                                      double* partial,  // [blocks]
                                                      unsigned int* finished, float scale, float* loss, int height,
                                                      int width) {
    __shared__ float offsets[TILE_Y + 2][TILE_X + 2];
    const int left = blockIdx.x * TILE_X, top = blockIdx.y * TILE_Y;
    const int x = left + threadIdx.x, y = top + threadIdx.y;
    const int thread = threadIdx.y * TILE_X + threadIdx.x, area = height * width, pixel = y * width + x;
    const bool inside = x < width && y < height;
    const float pixel_weight = inside ? weight[pixel] : 0;
    float pixel_loss = 0;
    for (int channel = 0; channel < 3; ++channel) {
        const float *values = image + channel * area, *centres = centre + channel * area;
        for (int cell = thread; cell < (TILE_X + 2) * (TILE_Y + 2); cell += THREADS) {
            const int i = cell % (TILE_X + 2), j = cell / (TILE_X + 2);
            const int index = clamp_index(top + j - 1, height) * width + clamp_index(left + i - 1, width);
            offsets[j][i] = values[index] - centres[index];
        }
        __syncthreads();
        if (inside) {
            const float(*rows)[TILE_X + 2] = offsets + threadIdx.y;
            const int i = threadIdx.x + 1;
            const LossAndGradient<float> result = loss_and_gradient(rows[1][i], rows[1][i - 1], rows[1][i + 1],
                                                                    rows[0][i], rows[2][i], pixel_weight, tv_weight);
            gradient[channel * area + pixel] = 2 * scale * result.half_gradient;
            pixel_loss += result.loss;
        }
        __syncthreads();
    }
    write_total(block_sum(pixel_loss, thread), partial, finished, scale, loss, thread);
}
