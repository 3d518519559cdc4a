// Frames cross the bus as a decoder has them, 1.5 bytes a pixel, and become planar RGB at the working size here, and
// back. The arithmetic is that of planes.cuh; the twins are in streamstyle/ops/planes.py.
#include "planes.cuh"

#define HERE                                                                                        \
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y; \
    if (x >= width || y >= height) return

#define SOURCE                                                                                                      \
    const Coding<float> coding = {red, blue, black, luma, chroma};                                                  \
    const int chroma_width = (source_width + 1) / 2;                                                                \
    const Plane<unsigned char> ys = {y_plane, source_width, 1}, us = {u_plane, chroma_width, step},                 \
                               vs = {v_plane, chroma_width, step};                                                  \
    const Triple<float> found = rgb_pixel(ys, us, vs, source_height, source_width, x, y, height, width, coding);    \
    const int area = height * width, here = y * width + x

// One thread an RGB pixel. `step` is 1 for yuv420p and 2 for nv12, whose u_plane and v_plane begin a byte apart.
extern "C" __global__ void rgb_of_planes(const unsigned char* y_plane, const unsigned char* u_plane,
                                         const unsigned char* v_plane, int step, int source_height, int source_width,
                                         float red, float blue, float black, float luma, float chroma,
                                         float* rgb,  // [3, height, width]
                                         int height, int width) {
    HERE;
    SOURCE;
    rgb[here] = found.a, rgb[area + here] = found.b, rgb[2 * area + here] = found.c;
}

extern "C" __global__ void half_rgb_of_planes(const unsigned char* y_plane, const unsigned char* u_plane,
                                              const unsigned char* v_plane, int step, int source_height,
                                              int source_width, float red, float blue, float black, float luma,
                                              float chroma,
                                              unsigned short* rgb,  // [3, height, width] half
                                              int height, int width) {
    HERE;
    SOURCE;
    rgb[here] = to_half(found.a), rgb[area + here] = to_half(found.b), rgb[2 * area + here] = to_half(found.c);
}

// One thread a luma sample; the threads of every other column and row do the chroma sample there, too.
template <typename At>
__device__ __forceinline__ void planes_of(At reds, At greens, At blues, int source_height, int source_width,
                                          const Coding<float>& coding, unsigned char* y_plane, unsigned char* u_plane,
                                          unsigned char* v_plane, int step, int height, int width) {
    HERE;
    y_plane[y * width + x] =
        level(yuv_sample(reds, greens, blues, source_height, source_width, x, y, height, width, 1, coding).a);
    if ((x | y) & 1) return;
    const Triple<float> found =
        yuv_sample(reds, greens, blues, source_height, source_width, x / 2, y / 2, height, width, 2, coding);
    const int there = ((y / 2) * ((width + 1) / 2) + x / 2) * step;
    u_plane[there] = level(found.b), v_plane[there] = level(found.c);
}

extern "C" __global__ void planes_of_rgb(const float* rgb, int source_height, int source_width, float red, float blue,
                                         float black, float luma, float chroma, unsigned char* y_plane,
                                         unsigned char* u_plane, unsigned char* v_plane, int step, int height,
                                         int width) {
    const int area = source_height * source_width;
    const Coding<float> coding = {red, blue, black, luma, chroma};
    const Plane<float> reds = {rgb, source_width, 1}, greens = {rgb + area, source_width, 1},
                       blues = {rgb + 2 * area, source_width, 1};
    planes_of(reds, greens, blues, source_height, source_width, coding, y_plane, u_plane, v_plane, step, height, width);
}

extern "C" __global__ void planes_of_half_rgb(const unsigned short* rgb, int source_height, int source_width, float red,
                                              float blue, float black, float luma, float chroma,
                                              unsigned char* y_plane, unsigned char* u_plane, unsigned char* v_plane,
                                              int step, int height, int width) {
    const int area = source_height * source_width;
    const Coding<float> coding = {red, blue, black, luma, chroma};
    const HalfPlane reds = {rgb, source_width}, greens = {rgb + area, source_width},
                    blues = {rgb + 2 * area, source_width};
    planes_of(reds, greens, blues, source_height, source_width, coding, y_plane, u_plane, v_plane, step, height, width);
}
