#include "image/test_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace ashlar::image::testing {
namespace {

Fd listen_on_loopback(int& port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd.get(), 16) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port = ntohs(address.sin_port);
  return fd;
}

Answer file_answer(const fs::path& directory, const Request& request) {
  Result<std::string> content = read_text(directory / request.path.substr(1));
  if (!content) return {.status = 404, .body = "not here"};
  return {.status = 200, .body = *content};
}

void send_all(const Fd& connection, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

TestServer::TestServer(Handler handler) : handler_(std::move(handler)), listener_(listen_on_loopback(port_)) {
  thread_ = std::thread([this] { serve(); });
}

TestServer::TestServer(const fs::path& directory)
    : TestServer([directory](const Request& request) { return file_answer(directory, request); }) {}

TestServer::~TestServer() {
  stopping_ = true;
  thread_.join();
}

std::string TestServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::vector<Request> TestServer::requests() const {
  std::lock_guard guard(mutex_);
  return requests_;
}

void TestServer::serve() {
  while (!stopping_) {
    pollfd waiting{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.valid()) answer(connection);
  }
}

void TestServer::answer(const Fd& connection) {
  std::string head;
  while (!head.contains("\r\n\r\n")) {
    char buffer[4096];
    ssize_t got = ::recv(connection.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return;
    head.append(buffer, static_cast<std::size_t>(got));
  }
  Request request;
  std::size_t path_at = head.find(' ') + 1;
  request.path = head.substr(path_at, head.find(' ', path_at) - path_at);
  if (std::size_t at = head.find("Range: bytes="); at != std::string::npos) {
    request.range_from = std::stoull(head.substr(at + 13));
  }
  {
    std::lock_guard guard(mutex_);
    requests_.push_back(request);
  }
  Answer answer = handler_(request);
  std::string_view body = answer.body;
  std::string headers;
  if (answer.status == 200 && request.range_from && !answer.ignores_ranges) {
    answer.status = 206;
    headers = fmt::format("Content-Range: bytes {}-{}/{}\r\n", *request.range_from, body.size() - 1, body.size());
    body.remove_prefix(*request.range_from);
  }
  send_all(connection, fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n", answer.status,
                                   body.size(), headers));
  send_all(connection, answer.cut_after ? body.substr(0, *answer.cut_after) : body);
}

int closed_port() {
  int port = 0;
  Fd listener = listen_on_loopback(port);
  return port;
}

}  // namespace ashlar::image::testing
