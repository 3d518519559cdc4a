// Enough of CUDA for g++ to build and run a kernel: the threads of a block are fibres, each of which runs up to the next
// __syncthreads. They run in order or backwards; with a missing __syncthreads the results differ.
#pragma once
#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static

struct Triple {
    unsigned x, y, z;
};

Triple gridDim, blockDim, blockIdx, threadIdx;

namespace simulated {

constexpr std::size_t STACK = 1 << 16;

struct Fibre {
    ucontext_t context;
    std::vector<char> stack;
    bool ended;
};

std::vector<Fibre> fibres;
ucontext_t scheduler;
Fibre* current;
std::function<void()> work;

void run_one() {
    work();
    current->ended = true;
    swapcontext(&current->context, &scheduler);
}

void begin_block(unsigned threads) {
    if (fibres.size() < threads) fibres.resize(threads);
    for (unsigned thread = 0; thread < threads; ++thread) {
        Fibre& fibre = fibres[thread];
        fibre.stack.resize(STACK);
        fibre.ended = false;
        getcontext(&fibre.context);
        fibre.context.uc_stack.ss_sp = fibre.stack.data();
        fibre.context.uc_stack.ss_size = STACK;
        fibre.context.uc_link = nullptr;
        makecontext(&fibre.context, run_one, 0);
    }
}

// Runs every thread up to its next __syncthreads or its end; returns how many have ended.
unsigned run_threads(unsigned threads, bool backwards) {
    unsigned ended = 0;
    for (unsigned turn = 0; turn < threads; ++turn) {
        const unsigned thread = backwards ? threads - 1 - turn : turn;
        threadIdx = {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / (blockDim.x * blockDim.y)};
        current = &fibres[thread];
        if (!current->ended) swapcontext(&scheduler, &current->context);
        ended += current->ended;
    }
    return ended;
}

// Returns false where some threads of a block wait for others that have ended.
bool run_all(Triple grid, Triple block, bool backwards) {
    gridDim = grid, blockDim = block;
    const unsigned threads = block.x * block.y * block.z, blocks = grid.x * grid.y * grid.z;
    for (unsigned next = 0; next < blocks; ++next) {
        const unsigned index = backwards ? blocks - 1 - next : next;
        blockIdx = {index % grid.x, index / grid.x % grid.y, index / (grid.x * grid.y)};
        begin_block(threads);
        unsigned ended = 0;
        while (ended < threads) {
            if (ended > 0) return false;
            ended = run_threads(threads, backwards);
        }
    }
    return true;
}

template <typename... Arguments, std::size_t... I>
bool launched(void (*kernel)(Arguments...), const unsigned* shape, void** arguments, bool backwards,
              std::index_sequence<I...>) {
    work = [=] { kernel(*static_cast<std::remove_cv_t<Arguments>*>(arguments[I])...); };
    return run_all({shape[0], shape[1], shape[2]}, {shape[3], shape[4], shape[5]}, backwards);
}

template <typename... Arguments>
bool launch(void (*kernel)(Arguments...), const unsigned* shape, void** arguments, bool backwards) {
    return launched(kernel, shape, arguments, backwards, std::index_sequence_for<Arguments...>());
}

template <typename Argument>
constexpr char kind() {
    static_assert(std::is_pointer_v<Argument> || sizeof(Argument) == 4, "kernels take pointers and numbers of 32 bits");
    return std::is_pointer_v<Argument> ? 'p' : std::is_floating_point_v<Argument> ? 'f' : 'i';
}

template <typename... Arguments>
const char* kinds(void (*)(Arguments...)) {
    static const char each[] = {kind<Arguments>()..., 0};
    return each;
}

}  // namespace simulated

void __syncthreads() { swapcontext(&simulated::current->context, &simulated::scheduler); }
void __threadfence() {}
unsigned atomicAdd(unsigned* place, unsigned value) { return std::exchange(*place, *place + value); }

#define LAUNCHER(name)                                                                                         \
    extern "C" bool launch_##name(const unsigned* shape, void** arguments, bool backwards) {                   \
        return simulated::launch(name, shape, arguments, backwards);                                           \
    }                                                                                                          \
    extern "C" const char* kinds_of_##name() { return simulated::kinds(name); }
