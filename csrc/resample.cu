// The kernels of resample.cuh. The torch twins are `torch_block_means`, `torch_halve` and
// `torch_add_doubled` in streamstyle/ops/filters.py.
#include "resample.cuh"

// One thread per block of BLOCK x BLOCK pixels.
extern "C" __global__ void block_means(const float* image,  // [channels, height, width]
                                       float* means,        // [channels, height / BLOCK, width / BLOCK], rounded up
                                       int channels, int height, int width) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    const int columns = (width + BLOCK - 1) / BLOCK, rows = (height + BLOCK - 1) / BLOCK;
    if (column >= columns || row >= rows) return;
    const int x = column * BLOCK, y = row * BLOCK;
    for (int c = 0; c < channels; ++c)
        means[(c * rows + row) * columns + column] = block_mean(
            image + (c * height + y) * width + x, inside_block(y, height), inside_block(x, width), width);
}

// One thread per 2x2 pixels.
extern "C" __global__ void halve(const float* image,  // [channels, height, width]
                                 float* half,         // [channels, height / 2, width / 2], rounded up
                                 int channels, int height, int width) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
    const int columns = (width + 1) / 2, rows = (height + 1) / 2;
    if (column >= columns || row >= rows) return;
    const int left = 2 * column, right = clamp_index(left + 1, width), lower = clamp_index(2 * row + 1, height);
    for (int c = 0; c < channels; ++c) {
        const float *above = image + (c * height + 2 * row) * width, *below = image + (c * height + lower) * width;
        half[(c * rows + row) * columns + column] = mean_of_four(above[left], above[right], below[left], below[right]);
    }
}

// One thread per pixel.
extern "C" __global__ void add_doubled(const float* image,  // [channels, height, width]
                                       const float* small,  // [channels, height / 2, width / 2], rounded up
                                       float* sum,          // [channels, height, width]
                                       int channels, int height, int width) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int rows = (height + 1) / 2, columns = (width + 1) / 2;
    const Between<float> across = between_blocks<float>(x, 2, columns), down = between_blocks<float>(y, 2, rows);
    for (int c = 0; c < channels; ++c) {
        const float *before = small + (c * rows + down.before) * columns, *after = small + (c * rows + down.after) * columns;
        const float change = mix(mix(before[across.before], after[across.before], down.share),
                                 mix(before[across.after], after[across.after], down.share), across.share);
        const int pixel = (c * height + y) * width + x;
        sum[pixel] = add_clipped(image[pixel], change);
    }
}
