// The temporal, pixel and total-variation terms of temporal.cuh: their value and gradient in one launch. The twins are
// `temporal_term` and `TemporalTerm.loss_and_gradient` in streamstyle/ops/temporal.py.
//
// Nothing is scattered: each gradient is gathered by its own thread. Sums are taken in a fixed order (in a thread, in a
// tree over the block, then over the blocks by whichever ends last), so the same input gives the same bits.
#include "temporal.cuh"

#define TILE_X 32
#define TILE_Y 8
#define THREADS (TILE_X * TILE_Y)

// Returns, in thread 0, the sum over the block. All threads of a 32x8 block call it.
__device__ __forceinline__ double summed(double value, int thread) {
    __shared__ double sums[THREADS];
    sums[thread] = value;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (thread < half) sums[thread] += sums[thread + half];
        __syncthreads();
    }
    return sums[0];
}

// Leaves the sum over all blocks, times `scale`, in `*total`. `*finished` is 0 before and after: a graph may replay it.
__device__ __forceinline__ void add_up(double of_block, double* partial, unsigned int* finished, float scale,
                                       float* total, int thread) {
    __shared__ bool last;
    const unsigned int blocks = gridDim.x * gridDim.y, block = blockIdx.y * gridDim.x + blockIdx.x;
    if (thread == 0) {
        partial[block] = of_block;
        __threadfence();
        last = atomicAdd(finished, 1u) == blocks - 1;
    }
    __syncthreads();
    if (!last) return;
    __threadfence();  // nothing of `partial` may be read before all of it is known to be written
    double mine = 0;
    for (unsigned int other = thread; other < blocks; other += THREADS) mine += ((volatile double*)partial)[other];
    const double all = summed(mine, thread);
    if (thread == 0) {
        *total = float(all) * scale;
        *finished = 0;
    }
}

// Once a frame: centre, stiffness and floor.
extern "C" __global__ void temporal_term(const float* carried,   // [3, height, width]: W
                                         const float* stylised,  // [3, height, width]: J
                                         const float* trust,     // [height, width]: c
                                         float temporal_weight, float pixel_weight,
                                         float* centre,     // [3, height, width]
                                         float* stiffness,  // [height, width]
                                         double* partial,   // as many as there are blocks
                                         unsigned int* finished, float scale, float* floor, int height, int width) {
    const int x = blockIdx.x * TILE_X + threadIdx.x, y = blockIdx.y * TILE_Y + threadIdx.y;
    const int thread = threadIdx.y * TILE_X + threadIdx.x, area = height * width, here = y * width + x;
    float apart = 0;
    if (x < width && y < height) {
        const Parabola<float> holds = parabola(trust[here], temporal_weight, pixel_weight);
        for (int place = here; place < 3 * area; place += area) {
            const float difference = carried[place] - stylised[place];
            centre[place] = stylised[place] + holds.share * difference;
            apart += squared(difference);
        }
        stiffness[here] = holds.stiffness;
        apart *= pixel_weight * holds.share;
    }
    add_up(summed(apart, thread), partial, finished, scale, floor, thread);
}

// Once an iteration: 40 bytes a pixel, which is seven floats read and three written, but for the rims of the blocks.
extern "C" __global__ void temporal_loss_and_gradient(const float* image,      // [3, height, width]: x
                                                      const float* centre,     // [3, height, width]
                                                      const float* stiffness,  // [height, width]
                                                      float tv_weight,
                                                      float* gradient,  // [3, height, width]
                                                      double* partial, unsigned int* finished, float scale, float* loss,
                                                      int height, int width) {
    __shared__ float away[TILE_Y + 2][TILE_X + 2];
    const int left = blockIdx.x * TILE_X, top = blockIdx.y * TILE_Y;
    const int x = left + threadIdx.x, y = top + threadIdx.y;
    const int thread = threadIdx.y * TILE_X + threadIdx.x, area = height * width, here = y * width + x;
    const bool within = x < width && y < height;
    const float firmly = within ? stiffness[here] : 0;
    float mine = 0;
    for (int channel = 0; channel < 3; ++channel) {
        const float *of = image + channel * area, *from = centre + channel * area;
        for (int place = thread; place < (TILE_X + 2) * (TILE_Y + 2); place += THREADS) {
            const int i = place % (TILE_X + 2), j = place / (TILE_X + 2);
            const int there = clamped(top + j - 1, height) * width + clamped(left + i - 1, width);
            away[j][i] = of[there] - from[there];
        }
        __syncthreads();
        if (within) {
            const float(*near)[TILE_X + 2] = away + threadIdx.y;
            const int i = threadIdx.x + 1;
            const Pull<float> found =
                pull(near[1][i], near[1][i - 1], near[1][i + 1], near[0][i], near[2][i], firmly, tv_weight);
            gradient[channel * area + here] = 2 * scale * found.slope;
            mine += found.loss;
        }
        __syncthreads();
    }
    add_up(summed(mine, thread), partial, finished, scale, loss, thread);
}
