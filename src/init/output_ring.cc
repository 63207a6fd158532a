#include "init/output_ring.h"

#include <algorithm>

#include "format/printable_line.h"

namespace ashlar {
namespace {

constexpr std::string_view kOurs = "ashlar: ";

}  // namespace

void OutputRing::write(std::string_view output) noexcept {
  std::size_t skipped = output.size() - std::min(output.size(), kBytes);
  written_ += skipped;
  for (char c : output.substr(skipped)) bytes_[written_++ % kBytes] = c;
}

void OutputRing::note(std::string_view line) noexcept {
  if (written_ != 0 && bytes_[(written_ - 1) % kBytes] != '\n') write("\n");
  for (std::string_view part : {kOurs, line, std::string_view("\n")}) write(part);
}

OutputRing::Part OutputRing::since(std::uint64_t from, std::size_t limit) const {
  std::uint64_t oldest = written_ - std::min<std::uint64_t>(written_, kBytes);
  Part part{.begin = std::min(std::max(from, oldest), written_), .bytes = {}};
  std::uint64_t end = part.begin + std::min<std::uint64_t>(limit, written_ - part.begin);
  part.bytes.reserve(end - part.begin);
  for (std::uint64_t i = part.begin; i < end; ++i) part.bytes.push_back(bytes_[i % kBytes]);
  return part;
}

std::string OutputRing::text() const {
  auto [begin, out] = since(0, kBytes);
  std::size_t first_end = out.find('\n');
  if (begin != 0 && first_end != out.npos) out.erase(0, first_end + 1);
  return out;
}

std::vector<std::string> OutputRing::last_lines(std::size_t count, std::size_t limit) const {
  std::vector<std::string> lines;
  std::string all = text();
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = std::min(all.find('\n', begin), all.size());
    std::string_view whole = std::string_view(all).substr(begin, end - begin);
    begin = end + 1;
    if (whole.starts_with(kOurs)) continue;
    std::string line = printable_line(whole, limit);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(std::min(lines.size(), count)));
  return lines;
}

}  // namespace ashlar
