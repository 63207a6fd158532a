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

std::vector<std::string> OutputRing::last_lines(std::size_t count, std::size_t limit) const {
  std::vector<std::string> lines;
  std::string all = text();
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = std::min(all.find('\n', begin), all.size());
    std::string line = all.substr(begin, end - begin);
    std::erase_if(line, [](char c) { return c < ' ' || c > '~'; });
    line.resize(std::min(line.size(), limit));
    if (!line.empty()) lines.push_back(std::move(line));
    begin = end + 1;
  }
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(std::min(lines.size(), count)));
  return lines;
}

}  // namespace ashlar
