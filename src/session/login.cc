// /usr/lib/ashlar/login: tells the lock of a session whether a password is its user's, and opens the home by it. A
// service (os/services/login.toml): root's, because the records are, and without a single one of root's powers but to
// lock memory.
#include <time.h>

#include <cstdio>

#include "base/monotonic.h"
#include "data/home_keys.h"
#include "data/protect_memory.h"
#include "session/login_server.h"

namespace {

using namespace ashlar;

constexpr char kData[] = "/data";
constexpr int kReadyDescriptor = 3;

class DataRecords final : public Records {
 public:
  Result<UserRecord> get(unsigned user) override { return read_user_record(kData, user); }
  Result<HomeKeyId> open(const Secret& key) override { return add_fscrypt_key(kData, key); }
};

// Stands still while the machine sleeps, as PID 1's: a wait is not over because the lid was closed.
Throttle::Time now() { return monotonic_now(); }
void sleep_until(Throttle::Time then) {
  const timespec time{then.count() / 1000, then.count() % 1000 * 1'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
  }
}

void log(std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); }

Status run() {
  TRY(protect_memory());
  Fd listening = TRY(LoginServer::listen(kLoginSocket));
  Fd ready(kReadyDescriptor);
  TRY(write_all(ready, as_bytes("\n")));
  TRY(ready.close());
  DataRecords records;
  LoginServer server(records, {now, sleep_until}, log);
  for (;;) TRY(server.serve(listening));
}

}  // namespace

int main() {
  Status ended = run();
  log(ended.error().message());
  return 1;
}
