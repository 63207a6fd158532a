// pam_ashlar.so: the lock's way to the login service. swaylock hands what was typed to PAM, PAM to this module, this
// module to the socket. It decides nothing, and knows no secret but the one it passes on.
//
// A library without libstdc++, for a process that is not ours.
#define PAM_SM_AUTH
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "session/login_protocol.h"

namespace {

using namespace ashlar;

// The service answers for the account that asks. PAM may be asked about another.
bool is_own_account(const char* name) {
  passwd entry{};
  passwd* found = nullptr;
  char memory[1024];
  return ::getpwnam_r(name, &entry, memory, sizeof memory, &found) == 0 && found != nullptr &&
         found->pw_uid == ::getuid();
}

Answer ask(int socket, const char* password) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  static_assert(sizeof kLoginSocket <= sizeof address.sun_path);
  std::memcpy(address.sun_path, kLoginSocket, sizeof kLoginSocket);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Answer::unknown;
  std::uint8_t kind = kAsk;
  iovec parts[] = {{&kind, sizeof kind}, {const_cast<char*>(password), std::strlen(password)}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return Answer::unknown;
  Answer answer = Answer::unknown;
  if (::recv(socket, &answer, sizeof answer, 0) != sizeof answer) return Answer::unknown;
  return answer;
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int pam_sm_authenticate(pam_handle_t* handle, int, int, const char**) {
  const char* user = nullptr;
  if (::pam_get_user(handle, &user, nullptr) != PAM_SUCCESS || !is_own_account(user)) return PAM_USER_UNKNOWN;
  const char* password = nullptr;
  if (::pam_get_authtok(handle, PAM_AUTHTOK, &password, nullptr) != PAM_SUCCESS) return PAM_AUTH_ERR;
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (socket < 0) return PAM_AUTHINFO_UNAVAIL;
  const Answer answer = ask(socket, password);
  ::close(socket);
  if (answer == Answer::right) return PAM_SUCCESS;
  return answer == Answer::wrong ? PAM_AUTH_ERR : PAM_AUTHINFO_UNAVAIL;
}

// There are no credentials beside being let in.
EXPORTED int pam_sm_setcred(pam_handle_t*, int, int, const char**) { return PAM_SUCCESS; }
