// From RGB to an encoder's planes: yuv.cuh for every pixel. The twin of `rgb_to_yuv420` in streamstyle/ops/yuv.py.
#include "yuv.cuh"

// One thread for each 2x2 pixels, in a grid of 32x8 blocks that covers them: four of Y, one of U and one of V.
extern "C" __global__ void rgb_to_yuv420(const float* image,     // [3, height, width] RGB in [0, 1]; both sides even
                                         float red, float blue,  // their weights in Y
                                         unsigned char* planes,  // [height, width] Y, then [height / 2, width / 2] U, V
                                         int height, int width) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    const int area = height * width, quarter = area / 4, here = y * (width / 2) + x;
    if (x >= width / 2 || y >= height / 2) return;
    for (int row = 2 * y; row < 2 * y + 2; ++row)
        for (int place = row * width + 2 * x, end = place + 2; place < end; ++place)
            planes[place] = luma(image, place, area, red, blue);
    const Chroma<float> found = chroma(image, x, y, height, width, red, blue);
    planes[area + here] = stored(found.u);
    planes[area + quarter + here] = stored(found.v);
}
