// Debian 12 has no PKCS#11 provider for OpenSSL 3, only the engine.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "image/pkcs11.h"

#include <openssl/engine.h>

namespace ashlar::image {
namespace {

// Loaded once and kept: keys that came from it refer to it.
Result<ENGINE*> pkcs11_engine() {
  static ENGINE* const engine = [] {
    ENGINE_load_dynamic();
    ENGINE* loaded = ENGINE_by_id("pkcs11");
    // libp11 would write its own account of every failure to standard error, the PIN with it.
    if (loaded == nullptr || ENGINE_ctrl_cmd_string(loaded, "QUIET", nullptr, 0) != 1)
      return static_cast<ENGINE*>(nullptr);
    return ENGINE_init(loaded) == 1 ? loaded : nullptr;
  }();
  if (engine == nullptr) return fail_openssl("load the PKCS#11 engine (package libengine-pkcs11-openssl)");
  return engine;
}

constexpr std::string_view kWhatMayBeWrong = " (are token name and PIN right? pin-value or pin-source of the URI)";

// The URI of one object of the token: path attributes go before the query ("?pin-value=…").
std::string object_uri(const std::string& uri, std::string_view object, std::string_view type) {
  std::size_t query = std::min(uri.find('?'), uri.size());
  std::string out = uri.substr(0, query);
  if (!out.ends_with(':') && !out.ends_with(';')) out += ';';
  return out.append("object=").append(object).append(";type=").append(type).append(uri.substr(query));
}

}  // namespace

std::string without_pin(const std::string& uri) { return uri.substr(0, uri.find('?')); }

Result<EvpKey> load_pkcs11_key(const std::string& uri, std::string_view object) {
  ENGINE* engine = TRY(pkcs11_engine());
  EvpKey key(ENGINE_load_private_key(engine, object_uri(uri, object, "private").c_str(), nullptr, nullptr));
  if (!key) {
    return fail_openssl(std::string("the token gives no private key labelled ").append(object).append(kWhatMayBeWrong));
  }
  return key;
}

Result<X509Certificate> load_pkcs11_certificate(const std::string& uri, std::string_view object) {
  ENGINE* engine = TRY(pkcs11_engine());
  std::string name = object_uri(uri, object, "cert");
  struct {
    const char* uri;
    X509* certificate;
  } request = {name.c_str(), nullptr};
  if (ENGINE_ctrl_cmd(engine, "LOAD_CERT_CTRL", 0, &request, nullptr, 1) != 1 || request.certificate == nullptr) {
    return fail_openssl(std::string("the token gives no certificate labelled ").append(object).append(kWhatMayBeWrong));
  }
  return X509Certificate(request.certificate);
}

}  // namespace ashlar::image
