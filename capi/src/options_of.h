// A config that may be NULL, as the options of a state.
#pragma once

#include "base/options.h"
#include "handles.h"

namespace oarlock::capi {

inline Result<Options> options_of(const oar_config* config) {
  if (config == nullptr) return Options::from_environment();
  OAR_ASSIGN(const Options& options, unwrap(config));
  return Options(options);
}

}  // namespace oarlock::capi
