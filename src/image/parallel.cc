#include "image/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "base/interrupt.h"

namespace ashlar::image {

unsigned processor_count() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&allowed)));
}

Status parallel_for(std::size_t count, const std::function<Status(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  Status outcome;
  auto worker = [&] {
    for (std::size_t i; !failed && (i = next++) < count;) {
      Status done = check_interrupted();
      if (done) done = work(i);
      if (done) continue;
      std::lock_guard lock(mutex);
      if (!failed.exchange(true)) outcome = std::move(done);
    }
  };
  std::vector<std::jthread> threads(std::min<std::size_t>(processor_count(), count));
  for (std::jthread& thread : threads) thread = std::jthread(worker);
  threads.clear();  // joins
  return outcome;
}

}  // namespace ashlar::image
