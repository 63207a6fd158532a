// The last of what a service wrote to its standard output and error, and of what PID 1 said of it: lines, in a ring
// that never grows. PID 1's begin with "ashlar: ".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

class OutputRing {
 public:
  static constexpr std::size_t kBytes = 16 * 1024;

  // Takes all its memory now, so that writing needs none.
  OutputRing() : bytes_(kBytes) {}

  // Keeps the newest kBytes; older ones are overwritten.
  void write(std::string_view output) noexcept;
  // A line of PID 1's.
  void note(std::string_view line) noexcept;
  // What is kept, oldest first; a line whose beginning was overwritten is left out, unless it is all there is.
  [[nodiscard]] std::string text() const;
  // What came after the first `from` bytes, or, of that, after those that are not kept any more: at most `limit` bytes.
  struct Part {
    std::uint64_t begin = 0;  // bytes written before
    std::string bytes;
  };
  [[nodiscard]] Part since(std::uint64_t from, std::size_t limit) const;
  // The last `count` lines of the service's that are not empty, oldest first, of each at most `limit` bytes that can be
  // shown.
  [[nodiscard]] std::vector<std::string> last_lines(std::size_t count, std::size_t limit) const;
  // Bytes ever written.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  std::vector<char> bytes_;
  std::uint64_t written_ = 0;
};

}  // namespace ashlar
