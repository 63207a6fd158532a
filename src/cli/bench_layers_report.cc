#include "cli/bench_layers_report.h"

#include "format/words.h"

namespace ashlar::cli {

Result<double> microseconds_each(const prove::Attempt& attempt) {
  const std::string what = attempt.attack + " in " + attempt.place;
  if (attempt.end != prove::Attempt::End::done) return fail(what + ": " + in_words(attempt));
  auto read = [&]() -> Result<double> {
    Words words(attempt.step);
    const auto count = TRY(words.integer<std::uint64_t>());
    const auto nanoseconds = TRY(words.integer<std::uint64_t>());
    TRY(words.end());
    if (count == 0) return fail("nothing was done");
    return static_cast<double>(nanoseconds) / static_cast<double>(count) / 1000;
  };
  return in(what + " says '" + attempt.step + "'", read());
}

}  // namespace ashlar::cli
