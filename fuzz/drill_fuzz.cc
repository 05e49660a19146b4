// A libFuzzer target: reads any bytes as a script of `leat drill`. Only clang builds it. Run it as
//   build/clang/fuzz/drill_fuzz -dict=fuzz/drill.dict CORPUS tests/scripts
#include "drill/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  leat::drill::drill_fuzz(data, size);
  return 0;
}
