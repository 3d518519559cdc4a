// The blur of blur.cuh in one launch. The torch twin is `torch_gaussian_blur` in streamstyle/ops/filters.py.
#include "blur.cuh"

#define TILE_X 32
#define TILE_Y 8
#define HALO_X (TILE_X + 2 * MAX_RADIUS)  // columns of a tile with the pixels around it
#define HALO_Y (TILE_Y + 2 * MAX_RADIUS)  // rows

// One thread per pixel in blocks of exactly 32x8. Channel after channel, a block reads its tile with the pixels around
// it into shared memory, then sums along y, then along x.
extern "C" __global__ void gaussian_blur(const float* image,  // [channels, height, width]
                                         const float* taps,   // [count], an odd number of at most 2 MAX_RADIUS + 1
                                         float* output,       // [channels, height, width]
                                         int channels, int height, int width, int count) {
    __shared__ float tile[HALO_Y][HALO_X];
    __shared__ float columns[TILE_Y][HALO_X];  // summed along y
    const int radius = count / 2, halo_x = TILE_X + 2 * radius, halo_y = TILE_Y + 2 * radius;
    const int left = blockIdx.x * TILE_X - radius, top = blockIdx.y * TILE_Y - radius;
    const int thread = threadIdx.y * TILE_X + threadIdx.x, area = height * width;
    const int x = left + radius + threadIdx.x, y = top + radius + threadIdx.y;

    for (int channel = 0; channel < channels; ++channel) {
        for (int cell = thread; cell < halo_x * halo_y; cell += TILE_X * TILE_Y) {
            const int i = cell % halo_x, j = cell / halo_x;
            tile[j][i] = image[channel * area + clamp_index(top + j, height) * width + clamp_index(left + i, width)];
        }
        __syncthreads();
        for (int cell = thread; cell < halo_x * TILE_Y; cell += TILE_X * TILE_Y) {
            const int i = cell % halo_x, j = cell / halo_x;
            float sum = 0;
            for (int k = 0; k < count; ++k) sum += taps[k] * tile[j + k][i];
            columns[j][i] = sum;
        }
        __syncthreads();
        if (x < width && y < height) {
            float sum = 0;
            for (int k = 0; k < count; ++k) sum += taps[k] * columns[threadIdx.y][threadIdx.x + k];
            output[channel * area + y * width + x] = sum;
        }
        __syncthreads();
    }
}
