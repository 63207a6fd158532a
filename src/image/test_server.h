// A web server on 127.0.0.1 for tests: it answers what the test says, faults included.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace ashlar::image::testing {

struct Answer {
  int status = 200;
  std::string body;
  // Ends the connection after this many bytes of the body, though Content-Length promised all of it.
  std::optional<std::size_t> cut_after;
  bool ignores_ranges = false;
};

struct Request {
  std::string path;                         // "/pool/a.deb"
  std::optional<std::uint64_t> range_from;  // "Range: bytes=N-"
};

class TestServer {
 public:
  using Handler = std::function<Answer(const Request&)>;

  explicit TestServer(Handler handler);
  // Serves files below `directory`, 404 for what is not there.
  explicit TestServer(const fs::path& directory);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<Request> requests() const;

 private:
  void serve();
  void answer(const Fd& connection);

  Handler handler_;
  int port_ = 0;
  Fd listener_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
};

// A port of 127.0.0.1 where nobody listens.
int closed_port();

}  // namespace ashlar::image::testing
