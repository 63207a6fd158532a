// The login service: answers one question after the other, each as slowly as the throttle wants it.
#pragma once

#include <functional>

#include "base/fd.h"
#include "session/password_check.h"
#include "session/throttle.h"

namespace ashlar {

struct LoginClock {
  std::function<Throttle::Time()> now;
  std::function<void(Throttle::Time)> sleep_until;
};

class LoginServer {
 public:
  LoginServer(Records& records, LoginClock clock, std::function<void(std::string_view)> log)
      : records_(records), clock_(std::move(clock)), log_(std::move(log)) {}

  // A socket everybody may connect to.
  static Result<Fd> listen(const std::string& path);
  // Waits for the next one who asks, and answers. An error is one of the listening socket.
  Status serve(const Fd& listening);
  // The same for a connection of this user's. Who sends nothing in time, or no question, is not answered.
  void serve_connection(const Fd& connection, unsigned user);

  Answer answer(unsigned user, const Secret& password);

 private:
  Records& records_;
  LoginClock clock_;
  std::function<void(std::string_view)> log_;
  Throttle throttle_;
};

}  // namespace ashlar
