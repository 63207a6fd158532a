// The machines of `ashlar prove` (src/prove/data_machine.h) as the tests use them: one set up once and kept in the work
// directory, the evidence of a failed test kept too.
#pragma once

#include "prove/attack_data.h"
#include "test_image.h"

namespace ashlar::test {

using prove::kContent;
using prove::kFile;
using prove::kHomeFile;
using prove::kName;
using prove::kPassword;
using prove::Origin;
using prove::Outsider;
using vm::Asked;

// The profile whose image the machines start: $ASHLAR_DATA_PROFILE, or storage.
std::string data_profile();

// The machine that the others copy, made once for an image, by the first call; kept in the work directory.
Result<Origin> origin();
// The same, with what the attacks of `ashlar prove` need beside it. Made once a process.
Result<const prove::DataLab*> data_lab();

class DataMachine : public prove::DataMachine {
 public:
  static Result<DataMachine> like(const Origin& origin, const std::string& name);
  static Result<DataMachine> new_machine(const std::string& name, const std::string& profile = data_profile());
  DataMachine(prove::DataMachine&& made) : prove::DataMachine(std::move(made)) {}
  DataMachine(DataMachine&&) noexcept = default;
  ~DataMachine();
};

}  // namespace ashlar::test
