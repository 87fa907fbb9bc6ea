/** How much memory this process holds. */
#ifndef OARLOCK_MEMORY_H
#define OARLOCK_MEMORY_H

#include <oarlock/types.h>

/**
 * The memory of this process in bytes, as the kernel counts it.
 *
 * JSON: {"rss": n, "rss_anonymous": n, "rss_file": n, "rss_shared": n, "rss_peak": n}: what is resident, and of that
 * the heap and stacks, mapped files, and memory shared between processes; and the most that was resident since the
 * process began.
 *
 * @param[out] out_json  owned; end with oar_bytes_release. Without a NUL. Untouched on failure.
 *
 * @return OAR_E_CORRUPT  the kernel does not give these figures: /proc is not mounted, for one.
 * @threads any
 * @source  proc_pid_status(5).
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_memory_report(OAR_OUT OAR_OWNED oar_bytes **out_json) OAR_NOEXCEPT;

#endif
