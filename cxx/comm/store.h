// c10d's TCPStore, where it is needed: to meet at the store that torchrun's agent serves, and as the meeting place of
// the data backend. No caller waits inside a store: constructing one and asking it happen on a thread of their own.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "comm/connection.h"

namespace c10d {
class Store;
}

namespace oarlock {

// The store of one group's data backend. Rank 0 serves it on the listening socket that it bound when the ranks met, so
// the others may connect before it serves. Blocks up to `timeout`: for a data thread. Throws what c10d throws.
c10::intrusive_ptr<c10d::Store> open_data_store(Descriptor listener, const std::string& address, int port,
                                                bool is_server, Milliseconds timeout);

// Rank 0 publishes `value` under `key` at the store that torchrun's agent serves; the others wait for it. Asked in
// slices of 50 ms on a thread of its own; OAR_E_TIMEOUT names the address.
Result<std::string> exchange_by_agent(const std::string& address, int port, const std::string& key,
                                      const std::string& value, bool is_publisher, Milliseconds timeout);

}  // namespace oarlock
