# Made by bindings/julia/generate.py from capi/api.json; do not edit.

"The incomplete C struct `oar_accelerator`; handles are `Ptr{oar_accelerator}`."
abstract type oar_accelerator end
"The incomplete C struct `oar_bytes`; handles are `Ptr{oar_bytes}`."
abstract type oar_bytes end
"The incomplete C struct `oar_checkpoint`; handles are `Ptr{oar_checkpoint}`."
abstract type oar_checkpoint end
"The incomplete C struct `oar_config`; handles are `Ptr{oar_config}`."
abstract type oar_config end
"The incomplete C struct `oar_dataset`; handles are `Ptr{oar_dataset}`."
abstract type oar_dataset end
"The incomplete C struct `oar_error`; handles are `Ptr{oar_error}`."
abstract type oar_error end
"The incomplete C struct `oar_group`; handles are `Ptr{oar_group}`."
abstract type oar_group end
"The incomplete C struct `oar_loader`; handles are `Ptr{oar_loader}`."
abstract type oar_loader end
"The incomplete C struct `oar_mesh`; handles are `Ptr{oar_mesh}`."
abstract type oar_mesh end
"The incomplete C struct `oar_model`; handles are `Ptr{oar_model}`."
abstract type oar_model end
"The incomplete C struct `oar_optimizer`; handles are `Ptr{oar_optimizer}`."
abstract type oar_optimizer end
"The incomplete C struct `oar_progress`; handles are `Ptr{oar_progress}`."
abstract type oar_progress end
"The incomplete C struct `oar_scheduler`; handles are `Ptr{oar_scheduler}`."
abstract type oar_scheduler end
"The incomplete C struct `oar_session`; handles are `Ptr{oar_session}`."
abstract type oar_session end
"The incomplete C struct `oar_state`; handles are `Ptr{oar_state}`."
abstract type oar_state end
"The incomplete C struct `oar_tensor`; handles are `Ptr{oar_tensor}`."
abstract type oar_tensor end
"The incomplete C struct `oar_tracker`; handles are `Ptr{oar_tracker}`."
abstract type oar_tracker end
"The incomplete C struct `oar_tree`; handles are `Ptr{oar_tree}`."
abstract type oar_tree end
"The incomplete C struct `oar_work`; handles are `Ptr{oar_work}`."
abstract type oar_work end
"One argument of an operator. Make it by the functions below; what it points to is borrowed."
struct oar_value
    size::Int32  # sizeof(oar_value); in an array that of its first element counts for all
    kind::Int32  # OAR_VALUE_INT, ...
    integer::Int64  # a number, or how many elements
    real::Float64  # a number
    data::Ptr{Cvoid}  # a handle, a text or an array
    name::Cstring  # of an argument that is given by keyword; NULL: by position
end
