// Breaks its heap in the way it is asked for, and says so when nobody stops it. In test images alone.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::size_t kSize = 64;
constexpr std::size_t kAway = 24;  // over what lies behind a chunk, whoever keeps books there

// Nothing the compiler could leave out.
char* take() {
  char* volatile chunk = static_cast<char*>(std::malloc(kSize));
  return chunk;
}

// Freed in another order than made, so that a neighbour is freed after its books were written over.
void overflow() {
  std::array<char*, 512> chunks;
  for (char*& chunk : chunks) chunk = take();
  for (char* chunk : chunks) std::memset(chunk, 'x', kSize + kAway);
  for (char* chunk : chunks) std::free(chunk);
}

void free_twice() {
  char* chunk = take();
  std::free(chunk);
  std::free(chunk);
}

// Which allocation is watched is drawn by lot, one in some thousands.
void use_after_free() {
  constexpr int kTries = 200'000;
  for (int i = 0; i < kTries; ++i) {
    char* chunk = take();
    std::free(chunk);
    *const_cast<volatile char*>(chunk + kSize / 2) = 'x';
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view fault = argc > 1 ? argv[1] : "";
  if (fault == "overflow") overflow();
  if (fault == "double-free") free_twice();
  if (fault == "use-after-free") use_after_free();
  std::puts("nobody noticed");
  return 0;
}
