@handle Checkpoint oar_checkpoint """
    Checkpoint(path)

A checkpoint that [`save`](@ref) wrote, looked at without a model: `keys(checkpoint)` names the model's tensors,
`checkpoint["fc.weight"]` is one of them, read-only.
"""

Checkpoint(path::AbstractString) = owned(out -> Lib.oar_checkpoint_open(path, out), Checkpoint)

"The newest complete checkpoint below `<project_dir>/checkpoints`; an `OarlockError{:NOT_FOUND}` if there is none."
latest_checkpoint(directory::AbstractString) = read_text((buf, len) -> Lib.oar_checkpoint_find_latest(directory, buf, len))

"Read every file and compare it with its checksum; an `OarlockError{:CORRUPT}` names the first that is damaged."
verify(checkpoint::Checkpoint) = check(Lib.oar_checkpoint_verify(checkpoint))

"The manifest, as JSON text."
manifest(checkpoint::Checkpoint) = read_text((buf, len) -> Lib.oar_checkpoint_manifest(checkpoint, buf, len))

"What was given to `save` as `user`, as JSON text; `\"null\"` if nothing was."
user_json(checkpoint::Checkpoint) = read_text((buf, len) -> Lib.oar_checkpoint_user_json(checkpoint, buf, len))

Base.getindex(checkpoint::Checkpoint, name::AbstractString) =
    owned(out -> Lib.oar_checkpoint_tensor(checkpoint, name, out), Tensor)

Base.keys(checkpoint::Checkpoint) =
    names_of(out -> Lib.oar_checkpoint_num_tensors(checkpoint, out),
             (index, buf, len) -> Lib.oar_checkpoint_tensor_name(checkpoint, index, buf, len))
