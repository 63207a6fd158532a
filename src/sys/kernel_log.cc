#include "sys/kernel_log.h"

#include <unistd.h>

#include <array>

namespace ashlar {
namespace {

constexpr std::size_t kLongestRecord = 8192;  // bytes; the kernel's own limit

}  // namespace

// "6,1234,567890,-;text\n KEY=value\n"
std::string_view text_of_record(std::string_view record) {
  std::size_t start = record.find(';');
  std::size_t end = record.find('\n');
  if (start == record.npos || end == record.npos || end < start) return {};
  return record.substr(start + 1, end - start - 1);
}

Result<std::vector<std::string>> read_kernel_log(const fs::path& device) {
  Fd log = TRY(open_file(device, O_RDONLY | O_NONBLOCK));
  std::vector<std::string> texts;
  std::array<char, kLongestRecord> record{};
  for (;;) {
    ssize_t size = ::read(log.get(), record.data(), record.size());
    if (size < 0 && errno == EPIPE) continue;  // some were overwritten meanwhile; the next read goes on behind them
    if (size < 0 && errno != EAGAIN) return fail_errno("read " + device.string());
    if (size <= 0) return texts;
    texts.emplace_back(text_of_record({record.data(), static_cast<std::size_t>(size)}));
  }
}

}  // namespace ashlar
