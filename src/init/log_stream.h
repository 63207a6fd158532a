// What services write, on its way to the logger, which keeps it on the disk.
//
// The rings of the services are the buffer, and there is no other: the stream knows how far of each it has sent. A
// logger that does not take it, because its disk is slow or it is not there, makes nobody wait; what the ring has
// overwritten by then is missing, and the positions of the parts say how much.
#pragma once

#include <vector>

#include "base/fd.h"
#include "init/supervisor.h"

namespace ashlar {

class LogStream {
 public:
  // A connection that does not wait; the one before ends.
  void begin(Fd logger) { logger_ = std::move(logger); }
  void end() { logger_ = {}; }
  [[nodiscard]] const Fd& logger() const { return logger_; }

  // Gives the logger a connection to answer. False: there is no logger, or it takes nothing now.
  [[nodiscard]] bool hand_over(const Fd& connection, const LogRequest& request) const noexcept;
  // Sends some of what is there. True: there is more, and the connection takes no more now.
  bool pump(const Supervisor& supervisor) noexcept;
  // Everything has been sent that was written.
  [[nodiscard]] bool is_drained(const Supervisor& supervisor) const noexcept;

 private:
  enum class Sent : std::uint8_t { part, nothing, blocked };
  Sent send(const Supervisor& supervisor, ServiceNumber number);

  Fd logger_;
  std::vector<std::uint64_t> sent_;  // of each service, bytes
};

}  // namespace ashlar
