// "state_create_with_mpi_calls" of experimental.h (oarlock/mpi_calls.h has the contract).
#pragma once

#include "oarlock/state.h"

struct oar_mpi_calls;

namespace oarlock::capi {

oar_status create_with_mpi_calls(const oar_config* config, int32_t rank, int32_t world_size, oar_exchange_fn fn,
                                 void* user_data, const oar_mpi_calls* calls, oar_state** out) noexcept;

}  // namespace oarlock::capi
