// SPDX-License-Identifier: MIT
// codec_members_test.cpp - types whose members are told by MSGPACK_DEFINE: what may be in them, and
// that it must have the right sizes all the way down.
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>

#include "codec_bytes.hpp"

using namespace encoded;

namespace {

struct Groups {  // of containers: their order changes when they are made again
  std::unordered_map<int, std::vector<int>> members;
  std::unordered_map<std::string, std::unordered_set<int>> tags;
  MSGPACK_DEFINE(members, tags)
  bool operator==(const Groups&) const = default;
};
struct Corners {
  std::unordered_map<int, Point> by_number;
  std::optional<std::array<int, 3>> colour;
  std::tuple<int, int> size;
  std::multimap<int, Point> by_side{};
  std::set<std::tuple<int, int>> others{};
  MSGPACK_DEFINE(by_number, colour, size, by_side, others)
};
struct Labels {
  std::set<std::string> labels;
  MSGPACK_DEFINE(labels)
};
struct Tree {
  std::map<std::string, Tree> children{};
  std::shared_ptr<Tree> next{};
  MSGPACK_DEFINE(children, next)
};
struct Report {  // writes more while it is verbose, which does not travel
  bool verbose = false;
  int value = 0;
  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    packer.pack_array(verbose ? 2 : 1);
    packer.pack(value);
    if (verbose) packer.pack(std::string("a remark"));
  }
  void msgpack_unpack(const msgpack::object& object) { object.via.array.ptr[0].convert(value); }
};

}  // namespace

TEST_CASE("unordered containers of containers come back inside of MSGPACK_DEFINE") {
  Groups groups;
  for (const int size : {0, 1, 2, 3}) {  // these keys collide in a small table
    groups.members[7919 * size] = std::vector<int>(static_cast<std::size_t>(size), 1);
    auto& tags = groups.tags[std::string(static_cast<std::size_t>(size), 'x')];
    for (int tag = 0; tag < size; ++tag) tags.insert(tag);
  }
  comes_back(groups);
  comes_back(std::vector<Groups>{groups, groups});
}

TEST_CASE("what a type writes by hand may be of another size when it has travelled") {
  CHECK(read<Report>(bytes_of(Report{true, 5})).value == 5);
}

TEST_CASE("sizes must fit exactly in all that MSGPACK_DEFINE contains") {
  const auto corners = [](const std::string& by_number, const std::string& colour,
                          const std::string& size, const std::string& by_side,
                          const std::string& others) {
    return "\x95"s + by_number + colour + size + by_side + others;
  };
  const std::string numbered = "\x82\x01\x92\x01\xa0\x02\x92\x01\xa0"s;
  const std::string nil = "\xc0"s, pair = "\x92\x01\x02"s, no_map = "\x80"s, none = "\x90"s;
  CHECK(read<Corners>(corners(numbered, nil, pair, no_map, none)).by_number.size() == 2);
  const auto told = [](const std::string& bytes) { return refusal<Corners>(bytes); };
  const std::string short_one = "expected array of 2, got array of 1";
  CHECK(told(corners("\x82\x01\x92\x01\xa0\x02\x91\x01"s, nil, pair, no_map, none)) == short_one);
  CHECK(told(corners("\x82\x01\x92\x01\xa0\x01\x92\x01\xa0"s, nil, pair, no_map, none)) ==
        "expected map of 1, got map of 2");
  CHECK(told(corners(numbered, pair, pair, no_map, none)) == "expected array of 3, got array of 2");
  CHECK(told(corners(numbered, nil, "\x93\x01\x02\x03"s, no_map, none)) ==
        "expected array of 2, got array of 3");
  CHECK(told(corners(numbered, nil, pair, "\x81\x01\x91\x01"s, none)) == short_one);
  CHECK(told(corners(numbered, nil, pair, no_map, "\x91\x91\x01"s)) == short_one);
  CHECK(refusal<Labels>("\x91\x92\xa1x\xa1x"s) == "expected array of 1, got array of 2");
  CHECK(refusal<Settings>("\x82\xa5"s + "depth\x01\xa5width\x02"s) ==
        "expected a member 'weights', which is missing");
}

TEST_CASE(
    "types that contain themselves come back from hundreds of levels, and are refused beyond") {
  const auto deep = [](int levels) {
    Tree tree;
    for (int i = 0; i < levels; ++i) {
      Tree above;
      if (i % 2 == 0) above.children["x"] = std::move(tree);
      if (i % 2 != 0) above.next = std::make_shared<Tree>(std::move(tree));
      tree = std::move(above);
    }
    return bytes_of(tree);
  };
  CHECK(read<Tree>(deep(300)).next->children.at("x").next != nullptr);
  CHECK(refusal<Tree>(deep(600)) == "nested deeper than 512 levels");
}
