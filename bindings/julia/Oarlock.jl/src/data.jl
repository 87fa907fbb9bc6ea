@handle Dataset oar_dataset """
    Dataset(path, columns = nothing)
    Dataset(columns)

Samples that can be had by number: the rows of the tensors of a safetensors file (all, or those named), or of a named
tuple or dictionary of tensors and arrays, whose first index counts samples. Nothing is copied or read before it is
asked for.

    Dataset(f, num_samples)

The samples that `f(index)` makes, from 1 to `num_samples`, each anything that [`Tree`](@ref) takes. Those of a batch are
joined: tensors stacked, numbers made tensors, texts listed, maps and lists item by item. `f` runs on the thread that asks
for a batch.

`length(dataset)` counts samples; `dataset[indices]` is the batch of these samples, numbered from 1, or of those that a
vector of truth values marks.
"""

function Dataset(path::AbstractString, columns = nothing)
    names = columns === nothing ? C_NULL : String[String(name) for name in columns]
    owned(out -> Lib.oar_dataset_from_safetensors(path, names, names == C_NULL ? 0 : length(names), out), Dataset)
end

function Dataset(columns::Union{AbstractDict,NamedTuple})
    names = String[String(name) for name in keys(columns)]
    tensors = Tensor[as_tensor(column) for column in values(columns)]
    GC.@preserve tensors begin
        owned(out -> Lib.oar_dataset_from_tensors(names, handle.(tensors), length(names), out), Dataset)
    end
end

"""
    token_dataset(path, T, sequence_length; stride = sequence_length, labels = false) -> Dataset

Windows of a flat file of token numbers of type `T`, which is mapped and must not change meanwhile: column `"tokens"`, Int64;
with `labels` also `"labels"`, the tokens one further.
"""
function token_dataset(path::AbstractString, T::Type, sequence_length::Integer; stride = sequence_length, labels = false)
    owned(out -> Lib.oar_dataset_from_tokens(path, dtype_of(T), sequence_length, stride, labels, out), Dataset)
end

"""
    csv_dataset(path, columns = nothing; delimiter = ',', header = true) -> Dataset

The rows of a CSV file in UTF-8, which must not change meanwhile. `columns` are those wanted, in this order: names, or pairs of
a name and a type of numbers, `String`, or `Any` for what the fields allow (Int64, Float64 or texts). Without `header` they are
all of the file.

    csv_dataset("reviews.csv", ["stars" => Int64, "text" => String])
"""
function csv_dataset(path::AbstractString, columns = nothing; delimiter = ',', header::Bool = true)
    names, kinds = C_NULL, Int32[]
    if columns !== nothing
        names = String[String(column isa Pair ? column.first : column) for column in columns]
        kinds = Int32[csv_kind(column isa Pair ? column.second : Any) for column in columns]
    end
    flags = header ? 0 : Lib.OAR_CSV_NO_HEADER
    num_names = names == C_NULL ? 0 : length(names)
    owned(out -> Lib.oar_dataset_from_csv(path, names, num_names, kinds, length(kinds), string(delimiter), flags, out), Dataset)
end

csv_kind(::Type{Any}) = Lib.OAR_CSV_FOUND
csv_kind(::Type{String}) = Lib.OAR_CSV_TEXT
csv_kind(T::Type) = dtype_of(T)

"""
    view(dataset, indices) -> Dataset

These samples, numbered from 1, in this order, as a data set of their own.
"""
function Base.view(dataset::Dataset, indices::AbstractVector{<:Integer})
    all(index -> 1 <= index <= length(dataset), indices) || throw(BoundsError(dataset, indices))
    from_0 = Int64[index - 1 for index in indices]
    owned(out -> Lib.oar_dataset_subset(dataset, from_0, length(from_0), out), Dataset)
end

"Data sets one behind the other; those of streams give a pass of each in turn."
function Base.vcat(first::Dataset, more::Dataset...)
    parts = Dataset[first, more...]
    GC.@preserve parts owned(out -> Lib.oar_dataset_concatenate(handle.(parts), length(parts), out), Dataset)
end

function run_sample(index, out_sample, slot)
    trapped(slot) do f
        give_tree(f(Int(index) + 1), out_sample)
    end
end

function give_tree(value, out)
    tree = Tree(value)
    check(Lib.oar_tree_retain(tree))
    unsafe_store!(out, handle(tree))
end

Dataset(f, num_samples::Integer) =
    owned(out -> Lib.oar_dataset_from_samples(num_samples, 0, Lib.@oar_sample_fn(run_sample), root!(f), SEM_POST[], out), Dataset)

# The iterator of a pass and what it gave last; a pass that failed fails again, since it may look as if it were over.
mutable struct Passes
    begin_pass::Any
    samples::Any
    state::Any
    next_index::Int
    has_failed::Bool
end

function next_sample(passes::Passes, epoch, index)
    if index == 0
        passes.samples, passes.state, passes.next_index, passes.has_failed = passes.begin_pass(epoch), nothing, 0, false
    end
    passes.next_index == index || error("sample $index was asked for where $(passes.next_index) is next: each loader needs a stream of its own")
    passes.has_failed && error("the iterator failed before")
    passes.has_failed = true
    step = index == 0 ? iterate(passes.samples) : iterate(passes.samples, passes.state)
    passes.has_failed = false
    step === nothing && return nothing
    sample, passes.state = step
    passes.next_index += 1
    Some(sample)
end

function run_stream(epoch, index, out_sample, slot)
    trapped(slot) do passes
        sample = next_sample(passes, Int(epoch), Int(index))
        sample === nothing || give_tree(something(sample), out_sample)
    end
end

"""
    stream_dataset(f) -> Dataset

Samples that come one after the other: those of the iterator that `f(epoch)` gives, epochs from 0. Only a loader reads them,
one loader, without shuffle; every rank reads all of them and keeps its own part.

    stream_dataset(epoch -> ((line = line,) for line in eachline(path)))
"""
function stream_dataset(f)
    passes = Passes(f, (), nothing, 0, false)
    owned(out -> Lib.oar_dataset_from_stream(0, Lib.@oar_stream_fn(run_stream), root!(passes), SEM_POST[], out), Dataset)
end

Base.length(dataset::Dataset) = Int(value(out -> Lib.oar_dataset_size(dataset, out), Int64))
Base.lastindex(dataset::Dataset) = length(dataset)

function Base.getindex(dataset::Dataset, indices::AbstractVector{<:Integer})
    all(index -> 1 <= index <= length(dataset), indices) || throw(BoundsError(dataset, indices))
    from_0 = Int64[index - 1 for index in indices]
    owned(out -> Lib.oar_dataset_get(dataset, from_0, length(from_0), out), Tree)
end

function Base.getindex(dataset::Dataset, mask::AbstractVector{Bool})
    length(mask) == length(dataset) || throw(BoundsError(dataset, mask))
    dataset[findall(mask)]
end

@handle Loader oar_loader """
    Loader(dataset, options = nothing; keywords...)
    Loader(f, dataset, options = nothing; keywords...)

Batches of a data set: shuffled, sharded over ranks, prefetched by worker threads, resumable. Options: `batch_size`,
`shuffle`, `seed`, `num_workers`, ... of the section `loader` in docs/options.md.

    for batch in loader               # one epoch, or what is left of it; the next loop is the next epoch
        batch["images"]
    end

A loop that is left early goes on where it was; `seek!(loader, epoch(loader) + 1)` begins the next epoch.
`length(loader)`: batches of this rank in an epoch. With a function first the loader is closed when that ends.
"""

Loader(dataset::Dataset, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_loader_create(dataset, options_text(options, keywords), out), Loader)
Loader(f, dataset::Dataset, options::Options = nothing; keywords...) = closing(f, Loader(dataset, options; keywords...))

"""
    dispatched_loader(dataset, group, options = nothing; keywords...) -> Loader

A loader of which rank 0 of the group reads, and every rank takes its part of each round. All ranks iterate together; what fails
on rank 0 fails on all. The other ranks' data sets are asked for their size only.
"""
dispatched_loader(dataset::Dataset, group::Group, options::Options = nothing; keywords...) =
    owned(out -> Lib.oar_loader_create_dispatched(dataset, options_text(options, keywords), group, out), Loader)

# C tells an epoch's end once. A loop remembers its epoch: another loop inside it may be the one that is told.
function Base.iterate(loader::Loader, begun = epoch(loader))
    epoch(loader) == begun || return nothing
    relieve()
    batch = owned_or_nothing(out -> Lib.oar_loader_next(loader, out), Tree)
    batch === nothing ? nothing : (batch, begun)
end
Base.IteratorSize(::Type{Loader}) = Base.SizeUnknown()  # a loop after a resume gives less than length(loader)
Base.eltype(::Type{Loader}) = Tree
Base.length(loader::Loader) = num_batches(loader)

"Batches of this rank in an epoch."
num_batches(loader::Loader) = Int(value(out -> Lib.oar_loader_num_batches(loader, out), Int64))

"Samples that all ranks together are given in an epoch, each counted once."
num_samples(loader::Loader) = Int(value(out -> Lib.oar_loader_num_samples(loader, out), Int64))

"Where the loader is, as JSON text; [`load_state!`](@ref) goes there."
loader_state(loader::Loader) = read_text((buf, len) -> Lib.oar_loader_state(loader, buf, len))

"Go to where the loader was that gave `state`: the batches that follow are those that would have followed there."
function load_state!(loader::Loader, state::AbstractString)
    check(Lib.oar_loader_load_state(loader, state))
    loader
end

"The epoch that the next batch belongs to, from 0."
epoch(loader::Loader) = Int(value(out -> Lib.oar_loader_epoch(loader, out), Int64))

"Batches already given in this epoch."
Base.position(loader::Loader) = Int(value(out -> Lib.oar_loader_position(loader, out), Int64))

"How many samples all ranks together have in the round of the batch given last; repeated ones are not counted."
samples_in_round(loader::Loader) = Int(value(out -> Lib.oar_loader_samples_in_round(loader, out), Int64))

"Go to the point where `batches_done` batches of `epoch` (from 0) have been given. Nothing is read or replayed."
function seek!(loader::Loader, epoch::Integer, batches_done::Integer = 0)
    check(Lib.oar_loader_seek(loader, epoch, batches_done))
    loader
end

"Give the loader one rank's part of each epoch, between epochs. `prepare!` of an accelerator does it for the ranks of a state."
function set_shard!(loader::Loader, rank::Integer, world_size::Integer)
    check(Lib.oar_loader_set_shard(loader, rank, world_size))
    loader
end

"""
    set_indices!(loader, indices)

Visit these samples only, numbered from 1: in this order, or with `shuffle` in a new one each epoch.
"""
function set_indices!(loader::Loader, indices::AbstractVector{<:Integer})
    from_0 = Int64[index - 1 for index in indices]
    check(Lib.oar_loader_set_indices(loader, from_0, length(from_0)))
    loader
end

"""
    set_weights!(loader, weights, num_samples; replacement = true)

Draw the `num_samples` samples of an epoch by weight: one number >= 0 for each sample of the data set.
"""
function set_weights!(loader::Loader, weights, num_samples::Integer; replacement::Bool = true)
    tensor = as_tensor(weights)
    GC.@preserve tensor check(Lib.oar_loader_set_weights(loader, tensor, num_samples, replacement))
    loader
end

run_sampler(epoch, out_order, slot) = trapped(slot) do f
    give_tree(f(Int(epoch)), out_order)
end

index_row(indices) = Tensor(Int64[index - 1 for index in indices])

"""
    set_sampler!(f, loader)

Let `f(epoch)`, epochs from 0, give the order of the samples, numbered from 1. All ranks' functions give the same, and the
same again when they are asked again for an epoch.
"""
function set_sampler!(f, loader::Loader)
    slot = root!(epoch -> index_row(f(epoch)))
    check(Lib.oar_loader_set_sampler(loader, Lib.@oar_sampler_fn(run_sampler), slot, SEM_POST[]))
    loader
end

"""
    set_batch_sampler!(f, loader)

Let `f(epoch)` make the batches: a collection of collections of samples, numbered from 1. The loader has no `batch_size`
then; each rank takes every `world_size`-th batch.
"""
function set_batch_sampler!(f, loader::Loader)
    slot = root!(epoch -> Tuple(index_row(batch) for batch in f(epoch)))
    check(Lib.oar_loader_set_batch_sampler(loader, Lib.@oar_sampler_fn(run_sampler), slot, SEM_POST[]))
    loader
end

"""
    set_padding!(loader, column; value = 0, multiple_of = 1, first = false, mask = nothing)

Make a column's tensors as long as the batch's longest, or the next multiple, in the dimension that C counts first (Julia's
last), before its samples are joined. `mask`: the name of a new column, 1 for old elements and 0 for new ones.
"""
function set_padding!(loader::Loader, column::AbstractString; value = 0, multiple_of::Integer = 1, first::Bool = false, mask = nothing)
    check(Lib.oar_loader_set_padding(loader, column, value, multiple_of, first, mask === nothing ? C_NULL : String(mask)))
    loader
end

run_collate(samples, out_batch, slot) = trapped(slot) do f
    Lib.oar_tree_retain(samples) == Lib.OAR_OK || error("the samples have ended")
    give_tree(f(Tree(samples)), out_batch)
end

"""
    set_collate!(f, loader)

Let `f(samples)` join samples, a [`Tree`](@ref) that is a list, to a batch: anything that `Tree` takes. It runs on the thread
that asks for a batch, after columns were padded.
"""
function set_collate!(f, loader::Loader)
    check(Lib.oar_loader_set_collate(loader, 0, Lib.@oar_collate_fn(run_collate), root!(f), SEM_POST[]))
    loader
end

"""
    pack(dataset, column, row_length; pad_value = 0) -> Dataset

Token sequences of any lengths, packed into rows of one length, in their order; no token is lost. A row has the column itself,
`"positions"` (each token's place in its document, from 0) and `"documents"` (0, 1, ... in the row, -1 where it is padded).
"""
pack(dataset::Dataset, column::AbstractString, row_length::Integer; pad_value = 0) =
    owned(out -> Lib.oar_dataset_pack(dataset, column, row_length, pad_value, out), Dataset)

"End the worker threads. Later batches are `:STATE` errors. May be called twice."
Base.close(loader::Loader) = check(Lib.oar_loader_close(loader))
