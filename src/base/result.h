// The one error type of the project and the macro that passes it on.
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ashlar {

namespace detail {
// Its address tells one enumeration from another.
template <typename E>
inline constexpr char kEnumeration = 0;
}  // namespace detail

// Why an operation did not succeed: a sentence that reads from the outer layer to the inner one
// ("mount root: open verity: dm ioctl: Invalid argument"), the errno behind it when there is one, and whether
// the caller misused the program (exit status 2) or the work failed (exit status 1). Where callers must tell failures
// apart (a wrong password, a TPM that is locked), the library that fails adds a value of an enumeration of its own.
class [[nodiscard]] Error {
 public:
  explicit Error(std::string message, int code = 0) : message_(std::move(message)), code_(code) {}

  // The system call `what` failed with `code`; takes errno before anything can change it.
  static Error from_errno(std::string_view what, int code = errno) {
    return Error(std::string(what) + ": " + std::strerror(code), code);
  }
  // The caller asked for something that cannot be: bad arguments, a recipe with a typing error.
  static Error misuse(std::string message) {
    Error error(std::move(message));
    error.misuse_ = true;
    return error;
  }

  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] int code() const { return code_; }  // errno, 0 when no system call is behind it
  [[nodiscard]] bool is_misuse() const { return misuse_; }
  [[nodiscard]] int exit_status() const { return misuse_ ? 2 : 1; }

  // Adds what kind of failure it is; kind<E>() gives it back through every layer, nullopt when there is none of this
  // enumeration.
  template <typename E>
    requires std::is_enum_v<E>
  [[nodiscard]] Error as(E kind) && {
    enumeration_ = &detail::kEnumeration<E>;
    kind_ = static_cast<int>(kind);
    return std::move(*this);
  }
  template <typename E>
  [[nodiscard]] std::optional<E> kind() const {
    if (enumeration_ != &detail::kEnumeration<E>) return std::nullopt;
    return static_cast<E>(kind_);
  }

  // Adds what the layer above was doing. Once per layer.
  [[nodiscard]] Error in(std::string_view doing) && {
    message_ = std::string(doing) + ": " + message_;
    return std::move(*this);
  }

 private:
  std::string message_;
  int code_;
  bool misuse_ = false;
  const char* enumeration_ = nullptr;
  int kind_ = 0;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(std::string message) { return std::unexpected(Error(std::move(message))); }
inline std::unexpected<Error> fail_errno(std::string_view what, int code = errno) {
  return std::unexpected(Error::from_errno(what, code));
}
inline std::unexpected<Error> fail_misuse(std::string message) {
  return std::unexpected(Error::misuse(std::move(message)));
}

// in("fetch bash", download(...)): the result, its error told with what this layer was doing.
template <typename T>
Result<T> in(std::string_view doing, Result<T> result) {
  if (!result) return std::unexpected(std::move(result).error().in(doing));
  return result;
}

namespace detail {
template <typename T>
T take(Result<T>& result) {
  return std::move(*result);
}
inline void take(Status&) {}
}  // namespace detail

}  // namespace ashlar

// The value of a Result, or return its error from the enclosing function. Never behind another element of a braced
// initializer: g++ 12 does not destroy what it has made of the list when the TRY returns.
#define TRY(...)                                                            \
  __extension__({                                                           \
    auto try_result = (__VA_ARGS__);                                        \
    if (!try_result) return std::unexpected(std::move(try_result).error()); \
    ::ashlar::detail::take(try_result);                                     \
  })
