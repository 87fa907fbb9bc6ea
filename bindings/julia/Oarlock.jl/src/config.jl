@handle Config oar_config """
    Config(options = nothing; keywords...)

Options with their defaults and what the environment sets, changed by a dictionary, a named tuple, JSON text or
keywords. Sections are nested: `Config(seed = 7, comm = (timeout_ms = 5000,))`, or dotted keys of a dictionary. All
keys: docs/options.md. An unknown key is an `OarlockError{:ARGUMENT}` that names the nearest known one.

    config["comm.timeout_ms"]            # the value in force: a Bool, Int64, Float64, String or Vector{Float64}; nothing if unset
    config["comm.timeout_ms"] = 3000
    merge!(config, "{\\"seed\\": 1}")    # or a dictionary or named tuple: all of it or, on failure, nothing

What is made from a config takes a copy. Threads: one call at a time.
"""

function Config(options = nothing; keywords...)
    config = owned(out -> Lib.oar_config_create(out), Config)
    text = options_text(options, keywords)
    text == C_NULL || check(Lib.oar_config_merge_json(config, text))
    config
end

"Set the options that JSON text, a dictionary or a named tuple names: all of them or, on failure, none."
function Base.merge!(config::Config, options)
    check(Lib.oar_config_merge_json(config, options_text(options, NamedTuple())))
    config
end

function Base.getindex(config::Config, key::AbstractString)
    text = read_text((buf, len) -> Lib.oar_config_get_string(config, key, buf, len))
    type = value(out -> Lib.oar_config_type(config, key, out), Int32)
    type == Lib.OAR_CONFIG_STRING && return text
    isempty(text) && return nothing
    type == Lib.OAR_CONFIG_BOOL && return value(out -> Lib.oar_config_get_bool(config, key, out), Int32) != 0
    type == Lib.OAR_CONFIG_INT64 && return value(out -> Lib.oar_config_get_int64(config, key, out), Int64)
    type == Lib.OAR_CONFIG_DOUBLE && return value(out -> Lib.oar_config_get_double(config, key, out), Float64)
    [parse(Float64, number) for number in split(text, ('[', ',', ']'), keepempty = false)]
end

"A config of its own with the same values."
Base.copy(config::Config) = owned(out -> Lib.oar_config_copy(config, out), Config)

function Base.setindex!(config::Config, value, key::AbstractString)
    check(set_option(config, key, value))
    value
end

set_option(config, key, value::Bool) = Lib.oar_config_set_bool(config, key, value)
set_option(config, key, value::Integer) = Lib.oar_config_set_int64(config, key, value)
set_option(config, key, value::AbstractFloat) = Lib.oar_config_set_double(config, key, value)
set_option(config, key, value::Union{AbstractString,Symbol}) = Lib.oar_config_set_string(config, key, String(value))
set_option(config, key, value) = Lib.oar_config_set_string(config, key, json(value))

"Every option with its value in force, as one JSON object."
Base.string(config::Config) = read_text((buf, len) -> Lib.oar_config_to_json(config, buf, len))

# What takes options takes them in these forms; a state and an accelerator take a Config too.
const Options = Union{Nothing,AbstractString,AbstractDict,NamedTuple}
const StateOptions = Union{Options,Config}

as_config(config::Config, keywords) = isempty(keywords) ? config : merge!(copy(config), options_text(nothing, keywords))
as_config(options, keywords) = Config(options; keywords...)
