/**
 * In which order a loader visits its samples, and which ones: besides in turn and shuffled, which are options of
 * oar_loader_create.
 *
 * Every order depends on what is given here, the loader's seed and the epoch, and is made anew for each epoch, so a
 * resume reads nothing again. Epoch e draws from a generator seeded with seed + e. All ranks set the same.
 *
 *     loader.replacement, loader.num_samples   options: draws of a shuffling loader
 *     oar_loader_set_indices                   some of the samples, in the order given or shuffled
 *     oar_loader_set_weights                   each sample as often as its weight says
 *     oar_loader_set_sampler                   the host's own order
 *     oar_loader_set_batch_sampler             the host's own batches
 *
 * One of them per loader; the last call counts.
 */
#ifndef OARLOCK_SAMPLER_H
#define OARLOCK_SAMPLER_H

#include <oarlock/types.h>

/**
 * Visit these samples only: in this order, or with loader.shuffle in a new one each epoch.
 *
 * @param[in] loader   borrowed; between epochs.
 * @param[in] indices  borrowed; `count` numbers of samples, each as often as it is to come. NULL only if count is 0.
 * @param[in] count    0: epochs have no batches.
 *
 * @return OAR_E_ARGUMENT     the data set has no such sample; the text gives number and place.
 * @return OAR_E_STATE        batches of this epoch have been given already, or the loader is closed.
 * @return OAR_E_UNSUPPORTED  the data set is a stream.
 * @threads serial(loader)
 * @source  torch.utils.data.SubsetRandomSampler.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_indices(oar_loader *loader, OAR_NULLABLE const int64_t *indices, size_t count) OAR_NOEXCEPT;

/**
 * Draw the samples of an epoch by weight.
 *
 * @param[in] loader       borrowed; between epochs, without loader.shuffle.
 * @param[in] weights      borrowed, copied. One number >= 0 for each sample, of any dtype; they need not sum to 1.
 * @param[in] num_samples  how many samples an epoch has, at least 1.
 * @param[in] replacement  other than 0: a sample may come more than once in an epoch.
 *
 * @return OAR_E_ARGUMENT     another number of weights than samples, a weight that is negative, infinite or NaN, none
 *                            above 0, without replacement fewer above 0 than num_samples, more than 2^24 weights, or
 *                            loader.shuffle is set.
 * @return OAR_E_STATE        batches of this epoch have been given already, or the loader is closed.
 * @return OAR_E_UNSUPPORTED  the data set is a stream.
 * @threads serial(loader, weights)
 * @source  torch.utils.data.WeightedRandomSampler.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_weights(oar_loader *loader, oar_tensor *weights, int64_t num_samples, int32_t replacement) OAR_NOEXCEPT;

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Gives the order of one epoch: of oar_loader_set_sampler a tensor, int64 [n], of numbers of samples; of
 * oar_loader_set_batch_sampler a list of such tensors, one per batch.
 *
 * n, and the number of batches, may differ between epochs. Asked again for the same epoch it gives the same.
 *
 * @param[in]  epoch      from 0.
 * @param[out] out_order  owned by the library from then on.
 * @param[in]  user_data  as registered.
 *
 * @return 0 when done; anything else fails the call that needs the order with OAR_E_CALLBACK.
 * @threads inside oar_loader_next, oar_loader_seek, oar_loader_load_state, oar_loader_num_batches and
 *          oar_loader_num_samples; once for each epoch, or more often after a jump to another
 * @since   0.1
 */
typedef int32_t (*oar_sampler_fn)(int64_t epoch, OAR_OUT OAR_OWNED oar_tree **out_order, OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * Let the host give the order of the samples, epoch by epoch.
 *
 * @param[in] loader     borrowed; between epochs, without loader.shuffle.
 * @param[in] fn         gives a tensor: the samples of an epoch. It is cut into batches and over ranks as any order is.
 * @param[in] user_data  handed to `fn`.
 * @param[in] release    release(user_data) runs exactly once: when the loader ends or is given another order, or before
 *                       this returns if it fails. NULL: nothing to free.
 *
 * @return OAR_E_ARGUMENT     loader.shuffle is set.
 * @return OAR_E_STATE        batches of this epoch have been given already, or the loader is closed.
 * @return OAR_E_UNSUPPORTED  the data set is a stream.
 * @threads serial(loader)
 * @source  torch.utils.data.DataLoader, `sampler`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_sampler(oar_loader *loader, oar_sampler_fn fn, OAR_NULLABLE void *user_data,
                       OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Let the host make the batches, of whatever sizes, epoch by epoch.
 *
 * On N ranks each round takes N batches, in rank order. At the epoch's end ranks without one get none with
 * loader.drop_last or without loader.even_batches, else the epoch's first batches again.
 *
 * @param[in] loader     borrowed; between epochs, without loader.shuffle, loader.batch_size and loader.split_batches.
 * @param[in] fn         gives a list of tensors: the batches of an epoch, none empty.
 * @param[in] user_data  handed to `fn`.
 * @param[in] release    as for oar_loader_set_sampler.
 *
 * @return OAR_E_ARGUMENT     one of the options above is set.
 * @return OAR_E_STATE        batches of this epoch have been given already, or the loader is closed.
 * @return OAR_E_UNSUPPORTED  the data set is a stream.
 * @threads serial(loader)
 * @source  Accelerate 1.15, BatchSamplerShard over a sampler without batch_size.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_loader_set_batch_sampler(oar_loader *loader, oar_sampler_fn fn, OAR_NULLABLE void *user_data,
                             OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

#endif
