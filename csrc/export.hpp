// Exports for the CPU library: a plain C ABI that ctypes calls. Each kernel is exported as NAME in float, as
// NAME_double, for tests, in double, and those of activations as NAME_bfloat16. Arguments follow the table in streamstyle/gpu/kernels.py.
//
// Everything runs in one thread and sums in a fixed order, so that results are reproducible. On x86-64, GCC compiles
// each loop for three instruction sets, and the loader selects one for the processor.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define TARGET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TARGET_CLONES
#endif

#if defined(_WIN32)
#define VISIBLE extern "C" __declspec(dllexport)
#else
#define VISIBLE extern "C" __attribute__((visibility("default")))
#endif

#define EXPORTED VISIBLE TARGET_CLONES void
