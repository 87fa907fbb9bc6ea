// What both JSON parsers promise: what they accept, printed and parsed again, prints the same.
#pragma once

#include <string>

#include "base/check.h"
#include "base/json.h"

template <class Parse>
void check_round_trip(std::string_view text, const Parse& parse) {
  const oarlock::Result<oarlock::JsonValue> value = parse(text);
  if (!value.is_ok()) return;
  const std::string printed = value.value().dump();
  const oarlock::Result<oarlock::JsonValue> again = parse(printed);
  OAR_CHECK(again.is_ok());
  OAR_CHECK(again.value().dump() == printed);
}
