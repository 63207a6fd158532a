#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ashlar::log {
namespace {

constexpr int kBarWidth = 30;
constexpr auto kRedrawInterval = std::chrono::milliseconds(100);

void put(std::string line) {
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void info(std::string_view line) { put(std::string(line)); }
void warn(std::string_view line) { put("ashlar: warning: " + std::string(line)); }
void error(const Error& error) { put("ashlar: error: " + printable(error.message())); }

std::string printable(std::string text) {
  auto controls = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; };
  std::ranges::replace_if(text, controls, '?');
  return text;
}

Progress::Progress(std::string_view what, std::uint64_t total)
    : what_(what),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()),
      drawn_(started_ - kRedrawInterval) {
  if (!terminal_) put(what_ + " ...");
  draw();
}

Progress::~Progress() {
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
  std::fprintf(stderr, "%s%s: %.1f s\n", terminal_ ? "\r\033[K" : "", what_.c_str(), took.count());
}

void Progress::advance(std::uint64_t by) {
  std::lock_guard lock(mutex_);
  done_ += by;
  draw();
}

void Progress::set(std::uint64_t done) {
  std::lock_guard lock(mutex_);
  done_ = done;
  draw();
}

void Progress::draw() {
  auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - drawn_ < kRedrawInterval) return;
  drawn_ = now;
  if (total_ == 0) {
    std::fprintf(stderr, "\r\033[K%s %llu", what_.c_str(), static_cast<unsigned long long>(done_));
    return;
  }
  std::uint64_t percent = std::min<std::uint64_t>(100, done_ * 100 / total_);
  int filled = static_cast<int>(percent) * kBarWidth / 100;
  std::fprintf(stderr, "\r\033[K%s [%s%s] %3d %%", what_.c_str(),
               std::string(static_cast<std::size_t>(filled), '#').c_str(),
               std::string(static_cast<std::size_t>(kBarWidth - filled), ' ').c_str(), static_cast<int>(percent));
}

}  // namespace ashlar::log
