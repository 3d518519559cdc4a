// A separable blur: each pixel becomes the weighted sum of its column, then of its row, with the same odd number of
// taps. Outside the image its edge pixels are repeated.
#pragma once
#include "portable.cuh"

const int MAX_RADIUS = 8;  // pixels around a tile that shared memory holds
