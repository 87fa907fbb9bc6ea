@handle Config oar_config """
    Config(options = nothing; keywords...)

Options with their defaults and what the environment sets, changed by a dictionary, a named tuple, JSON text or
keywords. Sections are nested: `Config(seed = 7, comm = (timeout_ms = 5000,))`, or dotted keys of a dictionary. All
keys: docs/options.md. An unknown key is an `OarlockError{:ARGUMENT}` that names the nearest known one.

    config["comm.timeout_ms"]            # the value in force as text; what is no text, as JSON: "5000"
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

Base.getindex(config::Config, key::AbstractString) =
    read_text((buf, len) -> Lib.oar_config_get_string(config, key, buf, len))

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

as_config(config::Config, keywords) = isempty(keywords) ? config : throw(ArgumentError("give a Config or keywords, not both"))
as_config(options, keywords) = Config(options; keywords...)
