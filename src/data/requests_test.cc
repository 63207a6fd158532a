#include "data/requests.h"

#include <gtest/gtest.h>

#include <thread>

#include "data/strict_json.h"
#include "data/testing.h"

namespace ashlar {
namespace {

class RequestsTest : public ::testing::Test {
 protected:
  RequestsTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-requests-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directory(root_ / "ashlar");
  }
  ~RequestsTest() override { fs::remove_all(root_); }

  std::vector<Request> waiting() {
    Queue queue = read_queue(root_).value();
    std::vector<Request> requests;
    for (QueuedRequest& queued : queue.requests) requests.push_back(std::move(queued.request));
    return requests;
  }
  void put(const std::string& name, std::string_view content) const {
    ASSERT_TRUE(write_file(root_ / "ashlar/requests" / name, as_bytes(content)));
  }
  static std::string error_of(const std::string& json) {
    Result<Request> request = parse_request(as_bytes(json));
    return request ? "(no error)" : request.error().message();
  }

  fs::path root_;
};

TEST_F(RequestsTest, ComeBackInTheOrderTheyWereMade) {
  EXPECT_TRUE(waiting().empty());
  std::vector<Request> made = {AddUser{"Berta Ü"}, RemoveUser{2}, ChangePassword{8}, ExpectChange{}};
  for (int i = 0; i < 8; ++i) made.emplace_back(RemoveUser{3});  // "10.json" sorts before "2.json"
  for (std::size_t i = 0; i < made.size(); ++i) EXPECT_EQ(enqueue(root_, made[i]), i + 1);
  EXPECT_EQ(waiting(), made);
  ASSERT_TRUE(drop_request(root_, 1));
  ASSERT_TRUE(drop_request(root_, 1));
  made.erase(made.begin());
  EXPECT_EQ(waiting(), made);
}

TEST_F(RequestsTest, AreWrittenAsDocumented) {
  EXPECT_EQ(build_request(AddUser{"Berta"}), R"({"name":"Berta","request":"add-user","version":1})");
  EXPECT_EQ(build_request(RemoveUser{2}), R"({"request":"remove-user","user":"u2","version":1})");
  EXPECT_EQ(build_request(ChangePassword{2}), R"({"request":"change-password","user":"u2","version":1})");
  EXPECT_EQ(build_request(ExpectChange{}), R"({"request":"expect-change","version":1})");
}

TEST_F(RequestsTest, RefuseEveryOtherForm) {
  for (const Request& request :
       std::vector<Request>{AddUser{"Berta"}, RemoveUser{2}, ChangePassword{2}, ExpectChange{}}) {
    Json whole = Json::parse(build_request(request));
    EXPECT_EQ(error_of(whole.dump(2)), "(no error)");  // the control
    for (const auto& [key, value] : whole.items()) {
      Json lacking = whole;
      lacking.erase(key);
      EXPECT_NE(error_of(lacking.dump()), "(no error)") << key;
      for (const Json& other : {Json(nullptr), Json(1.0), Json(2), Json("!\n"), Json::array(), Json::object()}) {
        Json changed = whole;
        changed[key] = other;
        EXPECT_NE(error_of(changed.dump()), "(no error)") << key << " " << other;
      }
    }
    whole["more"] = 1;
    EXPECT_EQ(error_of(whole.dump()), "a request: it has a field of another kind");
  }
  EXPECT_EQ(error_of(R"({"request":"format-disk","version":1})"), "a request: of a kind that is not known");
  EXPECT_EQ(error_of(R"({"request":"remove-user","user":"u9","version":1})"), "a request: for no user of ours");
  EXPECT_EQ(error_of(R"({"request":"expect-change","version":2})"), "a request: in another form than ours");
  EXPECT_EQ(error_of(R"({"name":"\u001b[2J","request":"add-user","version":1})"),
            "a request: a name has no control characters");
  EXPECT_EQ(error_of(""), "a request: not JSON");
  EXPECT_EQ(error_of("[]"), "a request: it names no request");
  EXPECT_EQ(error_of(std::string(5000, ' ')), "a request: too long");
}

TEST_F(RequestsTest, WhatIsNoRequestIsLeftAloneAndReported) {
  ASSERT_TRUE(enqueue(root_, ExpectChange{}));
  put("7.json", R"({"request":"remove-user","user":"u2","version":1})");
  put("3.json", "{");
  put("08.json", R"({"request":"expect-change","version":1})");
  put("notes", "x");
  put("9.json.AbCdEf", R"({"request":"expe)");  // a power cut, not a person
  fs::create_directory(root_ / "ashlar/requests/4.json");
  fs::create_symlink("/etc/passwd", root_ / "ashlar/requests/5.json");
  put("6.json", std::string(100'000, ' '));
  Queue queue = read_queue(root_).value();
  EXPECT_EQ(queue.requests.size(), 2U);
  EXPECT_EQ(queue.damaged, (std::vector<std::string>{"08.json", "3.json", "4.json", "5.json", "6.json", "notes"}));
  EXPECT_EQ(enqueue(root_, ExpectChange{}), 8U);  // no number of a damaged one is used again
  EXPECT_FALSE(fs::exists(root_ / "ashlar/requests/9.json.AbCdEf"));
  EXPECT_TRUE(fs::exists(root_ / "ashlar/requests/notes"));
}

TEST_F(RequestsTest, AreNotMadeWithoutBoundsOrSense) {
  EXPECT_EQ(enqueue(root_, AddUser{"a\nb"}).error().message(), "a name has no control characters");
  EXPECT_TRUE(waiting().empty());
  Result<unsigned> last = 0U;
  for (int i = 0; i < 100 && last; ++i) last = enqueue(root_, ExpectChange{});
  EXPECT_EQ(last.error().message(), "too many requests wait for the next start: restart the machine first");
  fs::remove_all(root_ / "ashlar");
  EXPECT_FALSE(enqueue(root_, ExpectChange{}));  // no /data is there
}

TEST_F(RequestsTest, TwoAtOnceGetANumberEach) {
  std::set<unsigned> numbers;
  std::vector<Result<unsigned>> made(8, Result<unsigned>(0U));
  std::vector<std::thread> threads;
  for (Result<unsigned>& one : made) threads.emplace_back([&] { one = enqueue(root_, ExpectChange{}); });
  for (std::thread& thread : threads) thread.join();
  for (const Result<unsigned>& one : made) numbers.insert(one.value());
  EXPECT_EQ(numbers.size(), made.size());
  EXPECT_EQ(waiting().size(), made.size());
}

}  // namespace
}  // namespace ashlar
