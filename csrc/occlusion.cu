// The consistency weight in one pass: check, boundary, border and growth as occlusion.cuh says. The twin of
// `consistency_weight` in streamstyle/ops/occlusion.py.
#include "occlusion.cuh"

#define TILE_X 32
#define TILE_Y 8
#define AROUND_X (TILE_X + 2 * REACH)
#define AROUND_Y (TILE_Y + 2 * REACH)

// One thread a pixel, in blocks of exactly 32x8. A block reaches its verdicts on its pixels and on those around them in
// shared memory; both flows are read once, but for the rim.
extern "C" __global__ void consistency_weight(const float* backward,  // [2, height, width] pixels
                                              const float* forward,   // [2, height, width] pixels
                                              float* weight,          // [height, width] in [0, 1]
                                              int height, int width) {
    __shared__ float verdicts[AROUND_Y][AROUND_X];
    __shared__ float columns[TILE_Y][AROUND_X];
    const int left = blockIdx.x * TILE_X - REACH, top = blockIdx.y * TILE_Y - REACH;
    const int thread = threadIdx.y * TILE_X + threadIdx.x;

    for (int place = thread; place < AROUND_X * AROUND_Y; place += TILE_X * TILE_Y) {
        const int i = place % AROUND_X, j = place / AROUND_X;
        verdicts[j][i] = verdict(backward, forward, clamped(left + i, width), clamped(top + j, height), height, width);
    }
    __syncthreads();
    for (int place = thread; place < AROUND_X * TILE_Y; place += TILE_X * TILE_Y) {
        const int i = place % AROUND_X, j = place / AROUND_X;
        columns[j][i] = grown(verdicts[j][i], verdicts[j + 1][i], verdicts[j + 2][i], verdicts[j + 3][i], verdicts[j + 4][i]);
    }
    __syncthreads();

    const int x = left + REACH + threadIdx.x, y = top + REACH + threadIdx.y;
    if (x >= width || y >= height) return;
    const float* row = columns[threadIdx.y] + threadIdx.x;
    weight[y * width + x] = clipped(grown(row[0], row[1], row[2], row[3], row[4]));
}
