#include "format/efi_signature.h"

namespace ashlar {
namespace {

struct ListHeader {
  Guid type;
  Le32 list_size;  // of everything, this header included
  Le32 header_size;
  Le32 signature_size;  // of each entry, its owner included
};
static_assert(sizeof(ListHeader) == 28);

constexpr std::size_t kOwnerSize = sizeof(Guid);
constexpr std::size_t kMaxListSize = std::size_t{1} << 24;  // more than any variable store has

}  // namespace

EfiSignatureList efi_x509_list(const Guid& owner, ByteView certificate_der) {
  return {kEfiX509Type, {{owner, Bytes(certificate_der.begin(), certificate_der.end())}}};
}

Result<Bytes> build_efi_signature_lists(std::span<const EfiSignatureList> lists) {
  Bytes out;
  for (const EfiSignatureList& list : lists) {
    if (list.signatures.empty()) return fail("a signature list without signatures");
    std::size_t entry_size = kOwnerSize + list.signatures.front().data.size();
    std::size_t list_size = sizeof(ListHeader) + entry_size * list.signatures.size();
    if (entry_size > kMaxListSize || list_size > kMaxListSize) return fail("a signature list larger than 16 MiB");
    append(out, bytes_of(ListHeader{list.type, static_cast<std::uint32_t>(list_size), 0U,
                                    static_cast<std::uint32_t>(entry_size)}));
    for (const EfiSignature& signature : list.signatures) {
      if (kOwnerSize + signature.data.size() != entry_size) return fail("a signature list with different sizes");
      append(out, signature.owner.raw);
      append(out, signature.data);
    }
  }
  return out;
}

Result<std::vector<EfiSignatureList>> parse_efi_signature_lists(ByteView bytes) {
  std::vector<EfiSignatureList> lists;
  for (Reader reader(bytes); !reader.at_end();) {
    auto header = TRY(reader.read<ListHeader>("a signature list"));
    if (header.list_size < sizeof header) return fail("a signature list shorter than its header");
    if (header.header_size != 0) return fail("a signature list with an unknown header");
    if (header.signature_size <= kOwnerSize) return fail("a signature list with empty signatures");
    std::size_t size = header.list_size - sizeof header;
    if (size == 0 || size % header.signature_size != 0) return fail("a signature list with half a signature");
    Reader entries(TRY(reader.take(size, "a signature list")));
    EfiSignatureList list{header.type, {}};
    while (!entries.at_end()) {
      EfiSignature signature;
      signature.owner = TRY(entries.read<Guid>("a signature's owner"));
      ByteView data = TRY(entries.take(header.signature_size - kOwnerSize, "a signature"));
      signature.data.assign(data.begin(), data.end());
      list.signatures.push_back(std::move(signature));
    }
    if (list.type == kEfiSha256Type && list.signatures.front().data.size() != 32)
      return fail("a SHA-256 of wrong size");
    lists.push_back(std::move(list));
  }
  return lists;
}

}  // namespace ashlar
