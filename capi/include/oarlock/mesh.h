/**
 * Named axes over the ranks of a group: data parallel, tensor parallel, and so on, with a group for each.
 *
 * Ranks are numbered row by row, the last axis fastest: with pp=2, dp=2, tp=2 ranks 0 and 1 differ in tp, 0 and 2
 * in dp, 0 and 4 in pp. All groups are made with the mesh (and by oar_mesh_flatten), so oar_mesh_group waits for
 * nobody.
 */
#ifndef OARLOCK_MESH_H
#define OARLOCK_MESH_H

#include <oarlock/types.h>

/**
 * Make a mesh and, for every axis, the group of the ranks that differ from this one in that axis alone. Every rank of
 * `group` calls this with the same axes.
 *
 * @param[in]  group       borrowed, retained by the mesh.
 * @param[in]  names       borrowed. num_axes names, each once, without spaces, commas and equals signs.
 * @param[in]  sizes       borrowed. num_axes sizes of at least 1, whose product is the size of the group.
 * @param[in]  num_axes    at least 1.
 * @param[in]  timeout_ms  milliseconds to wait for peers, each time; 0 takes the group's own value; negative is
 *                         refused.
 * @param[out] out         owned; end with oar_mesh_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT  wrong names or sizes on some rank; the text names them. All ranks get it, and the group
 *                         lives.
 * @return OAR_E_MISMATCH  ranks give different axes, or another call; the text gives both.
 * @return OAR_E_TIMEOUT   OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads collective(group)
 * @source  torch.distributed.device_mesh.init_device_mesh.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_create(oar_group *group, const char *const *names, const int32_t *sizes, size_t num_axes, int64_t timeout_ms,
                OAR_OUT OAR_OWNED oar_mesh **out) OAR_NOEXCEPT;

/**
 * Take several axes for one, under a new name that the functions below know too: dp_shard and cp, say, over which
 * parameters are divided together. Every rank of the mesh's group calls this with the same names.
 *
 * @param[in] mesh        borrowed.
 * @param[in] axes        borrowed. num_axes axes that the mesh was made with, each once; the last runs fastest.
 * @param[in] num_axes    at least 1.
 * @param[in] name        UTF-8, of no axis yet.
 * @param[in] timeout_ms  milliseconds to wait for peers, each time; 0 takes the group's own value; negative is refused.
 *
 * @return OAR_E_NOT_FOUND  no such axis; the text names those that there are.
 * @return OAR_E_EXISTS     the mesh has an axis of that name.
 * @return OAR_E_MISMATCH   ranks give different names; the text gives both.
 * @return OAR_E_TIMEOUT    OAR_E_PEER_LOST, OAR_E_ABORTED: as from oar_work_wait.
 * @threads collective(mesh)
 * @source  torch.distributed.device_mesh.DeviceMesh._flatten.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_flatten(oar_mesh *mesh, const char *const *axes, size_t num_axes, const char *name,
                 int64_t timeout_ms) OAR_NOEXCEPT;

/**
 * The group along an axis: this rank and those that differ from it in that axis alone, in the order of their
 * coordinates.
 *
 * @param[in]  mesh       borrowed.
 * @param[in]  axis       a name.
 * @param[out] out_group  owned; end with oar_group_release. It is the same group each time.
 *
 * @return OAR_E_NOT_FOUND  no such axis; the text names those that there are.
 * @threads serial(mesh)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_group(const oar_mesh *mesh, const char *axis, OAR_OUT OAR_OWNED oar_group **out_group) OAR_NOEXCEPT;

/**
 * How many ranks an axis has.
 *
 * @param[in]  mesh      borrowed.
 * @param[in]  axis      a name.
 * @param[out] out_size  at least 1.
 *
 * @return OAR_E_NOT_FOUND  no such axis; the text names those that there are.
 * @threads serial(mesh)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_size(const oar_mesh *mesh, const char *axis, OAR_OUT int32_t *out_size) OAR_NOEXCEPT;

/**
 * Where this rank stands on an axis, which is its rank in the axis's group.
 *
 * @param[in]  mesh            borrowed.
 * @param[in]  axis            a name.
 * @param[out] out_coordinate  0 <= coordinate < size of the axis.
 *
 * @return OAR_E_NOT_FOUND  no such axis; the text names those that there are.
 * @threads serial(mesh)
 * @source  torch.distributed.device_mesh.DeviceMesh.get_local_rank.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_coordinate(const oar_mesh *mesh, const char *axis, OAR_OUT int32_t *out_coordinate) OAR_NOEXCEPT;

/**
 * The rank of the mesh's group that stands at these coordinates.
 *
 * @param[in]  mesh         borrowed.
 * @param[in]  coordinates  borrowed. One per axis that the mesh was made with, in that order.
 * @param[in]  num_axes     how many those are.
 * @param[out] out_rank     0 <= rank < size of the group.
 *
 * @return OAR_E_ARGUMENT  another number of coordinates, or one out of range.
 * @threads serial(mesh)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_rank_at(const oar_mesh *mesh, const int32_t *coordinates, size_t num_axes,
                 OAR_OUT int32_t *out_rank) OAR_NOEXCEPT;

/**
 * Add a reference; each needs one oar_mesh_release.
 *
 * @param[in] mesh  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_mesh_retain(oar_mesh *mesh) OAR_NOEXCEPT;

/**
 * Drop a reference. Never waits and never communicates. Groups that were had from the mesh live on.
 *
 * @param[in] mesh  NULL is allowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void
oar_mesh_release(OAR_NULLABLE oar_mesh *mesh) OAR_NOEXCEPT;

#endif
