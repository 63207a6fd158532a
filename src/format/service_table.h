// What PID 1 knows of an image's services: a table of constants. The builder makes it from os/services/*.toml
// (image/services.h), checks it, and compiles it into PID 1: on the device nothing is parsed, nothing is allocated for
// it, and nothing but the owner's signature can change it.
#pragma once

#include <linux/filter.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ashlar {

enum class ServiceKind : std::uint8_t {
  oneshot,  // does its work and ends; who comes after it waits for the end
  daemon,   // runs as long as the machine
  session,  // a person's programs: asked to end all together, and first of all services
  logger,   // a daemon that is given what all services write, where /data is open; the last to end
};

// When those that come after a service may start.
enum class Readiness : std::uint8_t {
  started,     // as soon as its program runs
  notify,      // when it sends READY=1 to $NOTIFY_SOCKET (sd_notify(3))
  descriptor,  // when it writes a newline to descriptor 3 (as s6's services do)
  exit,        // when it ended with status 0: a oneshot's only way
};

enum class RestartPolicy : std::uint8_t { never, failure, always };

struct UserId {
  std::uint32_t number;
};
struct GroupId {
  std::uint32_t number;
};

// The first number of a system call that the lists were made without knowing (arch/x86/entry/syscalls/syscall_64.tbl).
// From it on calls do not exist for a service, so that libraries which know them fall back to older ones.
inline constexpr std::uint32_t kFirstUnknownCall = 470;

// Of what everything else on the machine has: a service has none of it unless its file says so. (System V IPC and
// message queues cannot be shared: the kernel has none.)
namespace shared {
inline constexpr std::uint8_t kNetwork = 1;    // the interfaces, and uevents
inline constexpr std::uint8_t kHostName = 2;   // sethostname(2)
inline constexpr std::uint8_t kDevices = 4;    // the whole of /dev
inline constexpr std::uint8_t kTemporary = 8;  // /tmp and /dev/shm
inline constexpr std::uint8_t kData = 16;      // /data, to read what its user may; without it there is nothing in it
}  // namespace shared

// How a service is kept in. All of it is set before its program starts; what cannot be set keeps the service down.
struct ServiceSandbox {
  UserId user;  // a session's in the table is nobody: whose it is, is known when /data is open (sys/personal_service.h)
  GroupId group;
  std::span<const GroupId> groups;  // supplementary
  std::uint64_t capabilities;       // bit n: capability n, which it has and may not exceed (capabilities(7))
  std::uint8_t shares;              // of namespace shared
  // Directories made for it, its own, mode 0755, a session's 0700. Missing ones above them are made root's, mode 0755.
  std::span<const char* const> directories;
  // Where it may write beside its own directories and, unless shared, a /tmp and /dev/shm of its own.
  std::span<const char* const> writable;
  // All it sees of /data: a session's home, or a directory made for it, its own, mode 0700. nullptr: there is none.
  const char* home;
  const char* state;
  // What its own /dev has beside null, zero, full, random and urandom: nodes, or directories that are followed as they
  // change. What is not there is left out.
  std::span<const char* const> devices;
  // What it may ask of the kernel, as a program for seccomp(2). A service without one does not start.
  std::span<const sock_filter> system_calls;
  std::uint64_t memory_bytes;  // together; more ends it whole
  std::uint32_t processes;     // threads count
  std::uint32_t open_files;    // each process
};

// The user of a session in the table; it starts as nobody.
inline constexpr UserId kNobody{65534};

// A service's number is its place in the table.
using ServiceNumber = std::uint16_t;

struct ServiceDefinition {
  const char* name;
  ServiceKind kind;
  const char* program;
  const char* context;                       // SELinux's of its processes, "system_u:system_r:seat_t"
  std::span<const char* const> arguments;    // from its name on, ended by nullptr
  std::span<const char* const> environment;  // ended by nullptr
  std::span<const ServiceNumber> needs;      // must be ready before it starts; that fail, it fails too
  std::span<const ServiceNumber> after;      // must be ready, or have failed, before it starts
  Readiness readiness;
  std::chrono::milliseconds ready_within;  // of its start; later it has failed
  RestartPolicy restart;
  unsigned restart_limit;                 // restarts in a row, none of which held, before it stays down
  std::chrono::milliseconds stop_within;  // from being asked to end to being made to
  ServiceSandbox sandbox;
};

// Where a service with Readiness::notify finds its socket; $NOTIFY_SOCKET in its environment says the same.
inline constexpr std::string_view kNotifyDirectory = "/run/ashlar/notify";
inline std::string notify_socket(std::string_view service) {
  return std::string(kNotifyDirectory) + "/" + std::string(service);
}

// The image's services. Defined by the builder's source, and by src/init/no_services.cc where an image has none.
std::span<const ServiceDefinition> service_table();

}  // namespace ashlar
