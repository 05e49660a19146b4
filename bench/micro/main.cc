// bench/micro: the program of these benches.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
