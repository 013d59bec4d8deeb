// SPDX-License-Identifier: MIT
// classify.cpp - sorts the descriptions of Debian's packages into their sections by multinomial
// naive Bayes with add-one smoothing. Four fifths are learnt, one fifth is guessed. In processes
// the model is learnt once, in the supervisor, and the workers share its pages.
//   classify [--input FILE] [--rounds 5] [--workers 2] [--with serial|threads|processes|all]
// FILE is what `apt-cache dumpavail` prints; without it that is called.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <procfarm/command.hpp>
#include <procfarm/procfarm.hpp>

#include "arguments.hpp"
#include "ways.hpp"

namespace {

constexpr std::size_t batch_size = 500;
constexpr std::size_t held_out = 5;  // one of so many

struct Document {
  std::string section{};
  std::string text{};
  MSGPACK_DEFINE(section, text)
};
using Documents = std::vector<Document>;
using Texts = std::vector<std::string>;

template <class Use>
void each_word(std::string_view text, Use use) {
  std::string word;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      use(word);
      word.clear();
    }
  }
  if (!word.empty()) use(word);
}

/// Log probabilities of sections, and of words in them.
class Model {
 public:
  explicit Model(const Documents& documents) {
    std::map<std::string, std::size_t> indices;
    for (const Document& each : documents) indices.try_emplace(each.section, 0);
    for (auto& [section, index] : indices) {
      index = sections_.size();
      sections_.push_back(section);
    }
    std::vector<double> totals(sections_.size(), 0);
    prior_.assign(sections_.size(), 0);
    for (const Document& each : documents) {
      const std::size_t section = indices[each.section];
      prior_[section] += 1;
      each_word(each.text, [&](const std::string& word) {
        words_.try_emplace(word, sections_.size(), 0.0).first->second[section] += 1;
        totals[section] += 1;
      });
    }
    for (double& each : prior_) each = std::log(each / static_cast<double>(documents.size()));
    const auto vocabulary = static_cast<double>(words_.size());
    for (auto& [word, counts] : words_) {
      for (std::size_t i = 0; i < counts.size(); ++i) {
        counts[i] = std::log((counts[i] + 1) / (totals[i] + vocabulary));
      }
    }
  }

  /// Words that were never learnt say nothing.
  const std::string& guess(const std::string& text) const {
    std::vector<double> score = prior_;
    each_word(text, [&](const std::string& word) {
      const auto found = words_.find(word);
      if (found == words_.end()) return;
      for (std::size_t i = 0; i < score.size(); ++i) score[i] += found->second[i];
    });
    const auto best = std::max_element(score.begin(), score.end());
    return sections_[static_cast<std::size_t>(best - score.begin())];
  }

 private:
  std::vector<std::string> sections_{};
  std::vector<double> prior_{};
  std::unordered_map<std::string, std::vector<double>> words_{};
};

// Global, because a task finds it so in every way: set before the threads start, or in the
// supervisor before the workers are forked; only read after that.
std::unique_ptr<const Model> model;

void learn(const Documents& documents) { model = std::make_unique<const Model>(documents); }

Texts classify_batch(const Texts& texts) {
  Texts sections;
  for (const std::string& each : texts) sections.push_back(model->guess(each));
  return sections;
}

/// Memory of the process that runs this, in KiB: shared with others, and its own.
std::pair<std::uint64_t, std::uint64_t> memory() {
  std::ifstream file("/proc/self/smaps_rollup");
  std::uint64_t shared = 0;
  std::uint64_t own = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t size = 0;
    fields >> name >> size;
    if (name == "Shared_Clean:" || name == "Shared_Dirty:") shared += size;
    if (name == "Private_Clean:" || name == "Private_Dirty:") own += size;
  }
  return {shared, own};
}

struct Work {
  Documents learnt{};
  Texts texts{};     // those to guess
  Texts sections{};  // what they are
  int rounds = 1;
};

/// The guesses of all rounds must be the same, so those of one are returned.
Texts classify_all(procfarm::Executor auto& executor, const Work& work) {
  Texts first;
  for (int round = 0; round < work.rounds; ++round) {
    std::vector<procfarm::Future<Texts>> futures;
    for (std::size_t at = 0; at < work.texts.size(); at += batch_size) {
      const auto begin = work.texts.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(batch_size, work.texts.size() - at);
      futures.push_back(executor.template submit<classify_batch>(
          Texts(begin, begin + static_cast<std::ptrdiff_t>(count))));
    }
    Texts guesses;
    for (const auto& future : futures) {
      for (std::string& each : future.result()) guesses.push_back(std::move(each));
    }
    if (round == 0) first = guesses;
    if (guesses != first) throw std::runtime_error("a later round guesses otherwise");
  }
  return first;
}

Texts in_processes(int workers, const Work& work) {
  procfarm::ProcessPoolExecutor pool(procfarm::ProcessPoolOptions{
      .max_workers = workers, .preload = procfarm::call<learn>(work.learnt)});
  Texts guesses = classify_all(pool, work);
  const auto [shared, own] = pool.submit<memory>().result();
  fmt::print("a worker shares {} KiB and has {} KiB of its own\n", shared, own);
  return guesses;
}

Texts classify(ways::Way way, int workers, const Work& work) {
  if (way == ways::Way::processes) return in_processes(workers, work);
  learn(work.learnt);
  const auto all = [&work](auto& executor) { return classify_all(executor, work); };
  Texts guesses = way == ways::Way::serial
                      ? ways::run_in<procfarm::SerialExecutor>(workers, all)
                      : ways::run_in<procfarm::ThreadPoolExecutor>(workers, all);
  model.reset();
  return guesses;
}

/// What follows `name` in this line, else nothing.
std::string_view field(std::string_view line, std::string_view name) {
  return line.substr(0, name.size()) == name ? line.substr(name.size()) : std::string_view();
}

Documents parse(std::istream& dump) {
  Documents documents;
  Document document;
  bool more = true;
  while (more) {
    std::string line;
    more = static_cast<bool>(std::getline(dump, line));
    if (const auto section = field(line, "Section: "); !section.empty()) document.section = section;
    if (const auto text = field(line, "Description: "); !text.empty()) document.text = text;
    if (!line.empty()) continue;
    if (!document.section.empty() && !document.text.empty()) documents.push_back(document);
    document = {};
  }
  return documents;
}

Documents read_documents(const std::string& input) {
  if (!input.empty()) {
    std::ifstream file(input);
    if (!file) throw std::runtime_error("cannot read " + input);
    return parse(file);
  }
  const procfarm::CommandResult dump = procfarm::run_command({.argv = {"apt-cache", "dumpavail"}});
  if (dump.exit_code != 0) throw std::runtime_error("apt-cache dumpavail: " + dump.err);
  std::istringstream text(dump.out);
  return parse(text);
}

Work split(Documents documents) {
  Work work;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (i % held_out == held_out - 1) {
      work.texts.push_back(std::move(documents[i].text));
      work.sections.push_back(std::move(documents[i].section));
    } else {
      work.learnt.push_back(std::move(documents[i]));
    }
  }
  if (work.texts.empty()) throw std::runtime_error("there are too few descriptions");
  return work;
}

void run(int argc, char** argv) {
  const auto option = [argc, argv](std::string_view name, std::string_view otherwise) {
    return arguments::text(argc, argv, {"--input", "--rounds", "--workers", "--with"}, name,
                           otherwise);
  };
  const int workers = std::stoi(option("--workers", "2"));
  Work work = split(read_documents(option("--input", "")));
  work.rounds = std::stoi(option("--rounds", "5"));
  if (work.rounds < 1) throw std::invalid_argument("--rounds must be greater than 0");
  fmt::print("{} descriptions learnt, {} to guess, {} times\n", work.learnt.size(),
             work.texts.size(), work.rounds);
  const Texts guesses = ways::compare(ways::chosen(option("--with", "all")), workers,
                                      [&](ways::Way way) { return classify(way, workers, work); });
  std::size_t right = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == work.sections[i] ? 1 : 0;
  fmt::print("{} of {} are right: {:.1f} %\n", right, guesses.size(),
             100.0 * static_cast<double>(right) / static_cast<double>(guesses.size()));
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);  // first line of main: in a worker it does not return
  try {
    run(argc, argv);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "classify: {}\n", error.what());
    return 1;
  }
}
