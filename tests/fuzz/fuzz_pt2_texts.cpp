// The texts inside a program archive: sizes as sympy writes them, guards as Python writes them, the record of our
// exporter. Anything is refused or understood, in time that grows with its length; what is understood can be written
// as text that means the same; and of a guard nothing is lost when it is taken apart.
//
// An input is {"sizes": [text], "guards_code": [text], "extra": {...}}; what is no JSON is taken for a text itself.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "base/strict_json.h"
#include "graph/pt2/expressions.h"
#include "graph/pt2/extra.h"
#include "graph/pt2/guards.h"
#include "pt2_weights.h"

namespace oarlock {
namespace {

constexpr std::chrono::seconds kLongest{5};  // for 64 KiB, which take milliseconds; machines under load and sanitizers
constexpr std::string_view kPaths[] = {"x", "y.k.0", "n"};  // of the inputs, in order
constexpr std::int64_t kValues[] = {2, 3, 4, 7, 64, std::int64_t{1} << 40};

std::vector<std::int64_t> values_from(std::size_t count, std::size_t first) {
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(kValues[(first + i * (first + 1)) % std::size(kValues)]);
  return values;
}

void read_size(std::string_view text) {
  std::vector<std::string> symbols;
  const auto index = [&](const std::string& name) {
    const auto found = std::find(symbols.begin(), symbols.end(), name);
    if (found == symbols.end()) symbols.push_back(name);
    return static_cast<std::int64_t>(std::find(symbols.begin(), symbols.end(), name) - symbols.begin());
  };
  const std::optional<SizeExpression> size = pt2::parse_sympy(text, index);
  if (!size) return;
  OAR_CHECK(size->is_complete() && size->terms().size() <= kSizeTermsMax);
  for (std::size_t first = 0; first < 3; ++first) (void)size->evaluate(values_from(symbols.size(), first));
  (void)size->text([&](std::int64_t i) { return symbols[static_cast<std::size_t>(i)]; });
}

// Two tensors and a number, a symbol for the first size of each tensor.
Program program() {
  Program program;
  program.graph.symbols = {{"s0", 0, INT64_MAX}, {"s1", 0, INT64_MAX}};
  for (const auto& [name, kind, symbol] :
       {std::tuple("x", SlotKind::kTensor, 0), std::tuple("y.k.0", SlotKind::kTensor, 1),
        std::tuple("n", SlotKind::kInt, -1)}) {
    program.inputs.push_back({name, static_cast<SlotId>(program.graph.slots.size())});
    Slot slot{name, kind, std::nullopt};
    if (symbol >= 0) slot.exported.emplace();
    if (symbol >= 0) slot.exported->shape = {{0, symbol}, {4, ExportedDim::kFixed}};
    program.graph.slots.push_back(std::move(slot));
  }
  return program;
}

// Terms as parse_guard gives them; `program` takes the measures.
std::optional<SizeExpression> understood(std::string_view text, std::vector<pt2::GuardTerm>& terms) {
  return pt2::parse_guard(text, [&](const pt2::GuardTerm& term) -> std::optional<std::int64_t> {
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const bool is_same = terms[i].path == term.path && terms[i].kind == term.kind && terms[i].dim == term.dim;
      if (is_same) return static_cast<std::int64_t>(i);
    }
    if (std::find(std::begin(kPaths), std::end(kPaths), term.path) == std::end(kPaths)) return std::nullopt;
    terms.push_back(term);
    return static_cast<std::int64_t>(terms.size()) - 1;
  });
}

std::string reference(const pt2::GuardTerm& term) {
  std::string text = term.path == "y.k.0" ? "L['y']['k'][0]" : "L['" + term.path + "']";
  return term.kind == MeasureKind::kSize ? text + ".size()[" + std::to_string(term.dim) + "]" : text;
}

// Whether all guards hold. Their variables are the graph's measures, in an order of their own.
std::optional<bool> all_hold(const Graph& graph, const std::vector<pt2::GuardTerm>& terms,
                             const std::vector<std::int64_t>& values) {
  std::vector<std::int64_t> measured;
  for (const Measure& measure : graph.measures) {
    const std::string_view path = kPaths[measure.slot];
    const auto term = std::find_if(terms.begin(), terms.end(), [&](const pt2::GuardTerm& known) {
      return known.path == path && known.kind == measure.kind && known.dim == measure.dim;
    });
    OAR_CHECK(term != terms.end());
    measured.push_back(values[static_cast<std::size_t>(term - terms.begin())]);
  }
  for (const Guard& guard : graph.guards) {
    const std::optional<std::int64_t> holds = guard.condition.evaluate(measured);
    if (!holds) return std::nullopt;
    if (*holds == 0) return false;
  }
  return true;
}

void read_guard(std::string_view text) {
  std::vector<pt2::GuardTerm> terms;
  const std::optional<SizeExpression> guard = understood(text, terms);
  Program read = program();
  JsonValue document = JsonValue::object();
  document.set("guards_code", JsonValue::array({JsonValue::string(std::string(text))}));
  pt2::read_guards(document, read);
  OAR_CHECK(guard || read.graph.guards.empty());
  if (!guard) return;
  OAR_CHECK(guard->is_complete() && guard->terms().size() <= kSizeTermsMax);
  const std::string written =
      guard->text([&](std::int64_t i) { return reference(terms[static_cast<std::size_t>(i)]); });
  std::vector<pt2::GuardTerm> terms_again = terms;
  const std::optional<SizeExpression> again = understood(written, terms_again);  // max(a, b, c) is nested when written
  for (std::size_t first = 0; first < 4; ++first) {
    const std::vector<std::int64_t> values = values_from(terms.size(), first);
    const std::optional<std::int64_t> value = guard->evaluate(values);
    OAR_CHECK(!again || again->evaluate(values) == value);
    const std::optional<bool> hold = all_hold(read.graph, terms, values);
    OAR_CHECK(!value || !hold || *hold == (*value != 0));
  }
}

void read_extra(const JsonValue& document) {
  const Result<pt2::Extra> extra = pt2::parse_extra(document);
  if (!extra.is_ok()) {
    OAR_CHECK(extra.status().code() == OAR_E_CORRUPT || extra.status().code() == OAR_E_VERSION);
    return;
  }
  pt2::StoredTensors weights = test::weights_of_small();
  const Status tied = pt2::tie(extra.value(), weights);
  OAR_CHECK(tied.is_ok() || tied.code() == OAR_E_CORRUPT);
  OAR_CHECK(weights.size() == test::weights_of_small().size());
  Program named = program();
  pt2::name_sizes(extra.value(), named);
}

void read(std::string_view input) {
  const auto document = parse_strict_json(input);
  if (!document.is_ok()) {
    read_size(input);
    read_guard(input);
    return;
  }
  const auto each = [&](const char* key, const auto& use) {
    const JsonValue* list = document.value().find(key);
    for (const JsonValue& item : list == nullptr ? std::vector<JsonValue>() : list->items()) use(item.text());
  };
  each("sizes", read_size);
  each("guards_code", read_guard);
  if (const JsonValue* extra = document.value().find("extra")) read_extra(*extra);
}

// Sentences of the two languages, right ones and nearly right ones.
class Writer {
 public:
  explicit Writer(std::mt19937_64& random) : random_(random) {}

  std::string guard(int depth) {
    if (depth <= 0 || below(6) == 0) return leaf();
    switch (below(8)) {
      case 0:
        return "(" + guard(depth - 1) + ")";
      case 1:
        return pick({"-", "not ", "- -", "+", "~"}) + guard(depth - 1);
      case 2:
        return pick({"max", "min", "Max", "Mod", "FloorDiv", "Eq", "And", "Not", "Pow", "CeilDiv", "Identity", "f"}) +
               "(" + list(depth, ", ", &Writer::guard) + ")";
      case 3:
        return list(depth, pick({" == ", " < ", " <= ", " != ", " >= "}), &Writer::guard);
      default:
        return guard(depth - 1) +
               pick({" + ", " - ", "*", " // ", " % ", "**", " and ", " or ", " == ", " != ", " >= ", " < ", " / ",
                     " "}) +
               guard(depth - 1);
    }
  }
  std::string size(int depth) {
    if (depth <= 0 || below(6) == 0) {
      return below(2) == 0 ? "Integer(" + number() + ")"
                           : "Symbol('s" + std::to_string(below(3)) + "', positive=True, integer=True)";
    }
    const std::string name = pick({"Add", "Mul", "Max", "Min", "FloorDiv", "Mod", "Pow", "CeilDiv", "PythonMod",
                                   "Rational", "Integer", "Symbol", "Identity", "CleanDiv"});
    return name + "(" + list(depth, ", ", &Writer::size) + ")";
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string pick(std::initializer_list<const char*> texts) { return texts.begin()[below(texts.size())]; }
  std::string number() {
    return pick({"0", "1", "2", "3", "-1", "4", "64", "9223372036854775807", "9223372036854775808",
                 "-9223372036854775808", "1.0", "1e3", "00", "0x1"});
  }
  std::string leaf() {
    if (below(3) == 0) return number();
    return pick({"L['x']", "L['y']['k'][0]", "L['n']", "L['z']", "L[\"x\"]", "x", "L"}) +
           pick({".size()[0]", ".size()[1]", ".size()[99999]", "", ".size()", ".stride()[0]", ".size()[-1]", ".dtype"});
  }
  std::string list(int depth, const std::string& separator, std::string (Writer::*item)(int)) {
    std::string text = (this->*item)(depth - 1);
    for (std::size_t more = below(12) == 0 ? below(40) : below(3); more > 0; --more) {
      text += separator + (this->*item)(depth - 1);
    }
    return text;
  }

  std::mt19937_64& random_;
};

// Keeps a text's structure, or breaks it in one place.
std::string changed(const std::string& text, bool is_size, std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  Writer writer(random);
  const auto fresh = [&] {
    const int depth = static_cast<int>(below(5));
    return is_size ? writer.size(depth) : writer.guard(depth);
  };
  const std::size_t at = below(text.size()), length = 1 + below(std::min<std::size_t>(text.size(), 40));
  std::string piece = text.substr(std::min(at, text.size()), length);
  switch (below(7)) {
    case 0:
      return fresh();
    case 1: {  // one balanced part is another
      const std::size_t open = text.find('(', at), close = text.find(')', at);
      if (open == text.npos || close == text.npos || close < open) return fresh();
      return text.substr(0, open + 1) + fresh() + text.substr(close);
    }
    case 2: {  // deep
      std::string wrapped = text;
      const std::string before = is_size ? "Add(" : below(2) == 0 ? "(" : "max(";
      for (std::size_t depth = below(100); depth > 0; --depth) wrapped = before + wrapped + ")";
      return wrapped;
    }
    case 3: {  // long
      std::string repeated;
      for (std::size_t count = 1 + below(2000); count > 0 && repeated.size() < 20000; --count) repeated += piece;
      return text.substr(0, at) + repeated + text.substr(std::min(at, text.size()));
    }
    case 4:
      return text.substr(0, at) + text.substr(std::min(at + length, text.size()));
    case 5:
      return is_size ? "Mul(" + text + ", " + fresh() + ")" : text + " and " + fresh();
    default:
      return text.substr(0, at) + static_cast<char>(' ' + below(95)) + text.substr(std::min(at + 1, text.size()));
  }
}

// The record with one value somewhere inside it replaced.
JsonValue changed_record(const JsonValue& value, std::mt19937_64& random, int depth) {
  const auto below = [&](std::size_t bound) { return random() % bound; };
  const bool is_leaf = value.items().empty() && value.members().empty();
  if (depth > 0 && (is_leaf || below(3) == 0)) {
    static constexpr const char* kTexts[] = {"",      "fc.weight", "bn.weight", "bn.bias", "x",
                                             "y.k.0", "0",         "1",         "-1",      "loss"};
    switch (below(6)) {
      case 0:
        return JsonValue::string(kTexts[below(std::size(kTexts))]);
      case 1:
        return JsonValue::number_from_text(
            std::vector<std::string>{"1", "1.0", "-1", "1e400", "9223372036854775808"}[below(5)]);
      case 2:
        return JsonValue::array({JsonValue::string(kTexts[below(std::size(kTexts))]), value});
      case 3:
        return JsonValue::object({{kTexts[below(std::size(kTexts))], value}});
      case 4:
        return JsonValue::boolean(true);
      default:
        return JsonValue();
    }
  }
  if (value.is_array()) {
    std::vector<JsonValue> items = value.items();
    if (items.empty()) return value;
    const std::size_t at = below(items.size());
    items[at] = changed_record(items[at], random, depth + 1);
    if (below(4) == 0) items.push_back(items[at]);
    return JsonValue::array(std::move(items));
  }
  JsonValue copy = value;
  if (!value.members().empty()) {
    const auto& [key, member] = value.members()[below(value.members().size())];
    copy.set(key, changed_record(member, random, depth + 1));
  }
  return copy;
}

JsonValue changed_list(const JsonValue& list, bool is_size, std::mt19937_64& random) {
  std::vector<JsonValue> items = list.items();
  if (items.empty()) return list;
  JsonValue& item = items[random() % items.size()];
  item = JsonValue::string(changed(item.text(), is_size, random));
  return JsonValue::array(std::move(items));
}

}  // namespace
}  // namespace oarlock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto begin = std::chrono::steady_clock::now();
  oarlock::read({reinterpret_cast<const char*>(data), size});
  OAR_CHECK(std::chrono::steady_clock::now() - begin < oarlock::kLongest);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned int seed) {
  using namespace oarlock;
  auto document = parse_strict_json({reinterpret_cast<const char*>(data), size});
  if (!document.is_ok() || !document.value().is_object()) return size;
  std::mt19937_64 random(seed);
  JsonValue value = std::move(document).value();
  for (const auto& [key, member] : std::vector<JsonValue::Member>(value.members())) {
    if (key == "extra") value.set(key, changed_record(member, random, 0));
    if (key == "sizes" || key == "guards_code") value.set(key, changed_list(member, key == "sizes", random));
  }
  const std::string text = value.dump();
  if (text.size() > size_max) return size;
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
