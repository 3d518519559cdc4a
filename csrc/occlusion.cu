// The consistency weight in one pass: forward-backward check, motion boundary, image border and smoothing, as in
// occlusion.cuh. The torch twin is `torch_consistency_weight` in streamstyle/ops/occlusion.py.
#include "occlusion.cuh"

#define TILE_X 32
#define TILE_Y 8
#define HALO_X (TILE_X + 2 * RADIUS)  // columns of a tile with the pixels around it
#define HALO_Y (TILE_Y + 2 * RADIUS)  // rows

// One thread per pixel in blocks of exactly 32x8. A block computes the unsmoothed weights of its tile and of the pixels
// around it in shared memory, then smooths columns, then rows.
extern "C" __global__ void consistency_weight(const float* backward,  // [2, height, width] pixels
                                              const float* forward,   // [2, height, width] pixels
                                              float* weight,          // [height, width] in [0, 1]
                                              int height, int width) {
    __shared__ float unsmoothed[HALO_Y][HALO_X];
    __shared__ float columns[TILE_Y][HALO_X];  // smoothed along y
    const int left = blockIdx.x * TILE_X - RADIUS, top = blockIdx.y * TILE_Y - RADIUS;
    const int thread = threadIdx.y * TILE_X + threadIdx.x;

    for (int cell = thread; cell < HALO_X * HALO_Y; cell += TILE_X * TILE_Y) {
        const int i = cell % HALO_X, j = cell / HALO_X;
        const int x = clamp_index(left + i, width), y = clamp_index(top + j, height), pixel = y * width + x;
        const float* v = backward + height * width;
        const float gradient =
            squared_gradient(backward, x, y, height, width) + squared_gradient(v, x, y, height, width);
        unsmoothed[j][i] = unsmoothed_weight(forward, backward[pixel], v[pixel], gradient, x, y, height, width);
    }
    __syncthreads();
    for (int cell = thread; cell < HALO_X * TILE_Y; cell += TILE_X * TILE_Y) {
        const int i = cell % HALO_X, j = cell / HALO_X;
        columns[j][i] = smooth(unsmoothed[j][i], unsmoothed[j + 1][i], unsmoothed[j + 2][i], unsmoothed[j + 3][i],
                               unsmoothed[j + 4][i]);
    }
    __syncthreads();

    const int x = left + RADIUS + threadIdx.x, y = top + RADIUS + threadIdx.y;
    if (x >= width || y >= height) return;
    const float* row = columns[threadIdx.y] + threadIdx.x;
    weight[y * width + x] = clip_weight(smooth(row[0], row[1], row[2], row[3], row[4]));
}
