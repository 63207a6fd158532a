#include "init/output_ring.h"

#include <algorithm>

namespace ashlar {

void OutputRing::write(std::string_view output) noexcept {
  std::size_t skipped = output.size() - std::min(output.size(), kBytes);
  written_ += skipped;
  for (char c : output.substr(skipped)) bytes_[written_++ % kBytes] = c;
}

std::string OutputRing::text() const {
  std::string out;
  std::uint64_t kept = std::min<std::uint64_t>(written_, kBytes);
  out.reserve(kept);
  for (std::uint64_t i = written_ - kept; i < written_; ++i) out.push_back(bytes_[i % kBytes]);
  std::size_t first_end = out.find('\n');
  if (kept < written_ && first_end != out.npos) out.erase(0, first_end + 1);
  return out;
}

std::string OutputRing::last_line(std::size_t limit) const {
  std::string all = text();
  std::size_t end = all.find_last_not_of('\n');
  if (end == all.npos) return {};
  all.resize(end + 1);
  all.erase(0, all.rfind('\n') + 1);  // npos + 1 is 0
  std::erase_if(all, [](char c) { return c < ' ' || c > '~'; });
  all.resize(std::min(all.size(), limit));
  return all;
}

}  // namespace ashlar
