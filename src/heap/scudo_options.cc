// How Scudo is set, in the library that is preloaded and in our static programs alike (compiler-rt, scudo/standalone).
#include <cstddef>
#include <cstdint>

// Memory is given out as zeros; what was made by malloc is not freed by delete; of every 5000 allocations one lies
// alone between pages that cannot be touched (GWP-ASan), where using it late or beyond its end is seen at once.
extern "C" __attribute__((visibility("default"))) const char* __scudo_default_options() {
  return "zero_contents=true:dealloc_type_mismatch=true:delete_size_mismatch=true";
}

// In place of the archive's own, which load libgcc_s to walk the stack when something is found: who is about to die of
// a broken heap loads nothing any more. The report says what and where all the same.
namespace gwp_asan::backtrace {

using Backtrace = std::size_t (*)(std::uintptr_t* trace, std::size_t size);
using SegvBacktrace = std::size_t (*)(std::uintptr_t* trace, std::size_t size, void* context);
using PrintBacktrace = void (*)(std::uintptr_t* trace, std::size_t length, void (*print)(const char*, ...));

Backtrace getBacktraceFunction() {
  return [](std::uintptr_t* /*trace*/, std::size_t /*size*/) -> std::size_t { return 0; };
}
SegvBacktrace getSegvBacktraceFunction() {
  return [](std::uintptr_t* /*trace*/, std::size_t /*size*/, void* /*context*/) -> std::size_t { return 0; };
}
PrintBacktrace getPrintBacktraceFunction() {
  return [](std::uintptr_t* /*trace*/, std::size_t /*length*/, void (* /*print*/)(const char*, ...)) {};
}

}  // namespace gwp_asan::backtrace
