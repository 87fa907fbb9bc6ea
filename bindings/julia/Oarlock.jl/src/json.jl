# JSON text of plain Julia values: the form in which the library takes options. No package can be relied upon for it:
# this one has dependencies on the standard library only.

"""
    json(value) -> String

JSON of nested dictionaries, named tuples, vectors and tuples of numbers, texts, symbols, truth values and `nothing`.

Integers beyond 2^53 become text, since most readers of JSON, and Oarlock's own, would not keep them exactly. Numbers
that are not finite, texts that are not UTF-8, and keys given twice are refused.
"""
json(value) = sprint(write_json, value)

write_json(io, ::Nothing) = print(io, "null")
write_json(io, value::Bool) = print(io, value)
write_json(io, value::Integer) =
    -Int64(2)^53 <= value <= Int64(2)^53 ? print(io, value) : print(io, '"', value, '"')

function write_json(io, value::AbstractFloat)
    number = Float64(value)  # before printing, so that a Float32 keeps its exact value
    isfinite(number) || throw(ArgumentError("JSON has no $value"))
    print(io, number)
end

write_json(io, value::Symbol) = write_json(io, String(value))

function write_json(io, text::AbstractString)
    isvalid(text) || throw(ArgumentError("a text is not UTF-8: $(repr(text))"))
    print(io, '"')
    for character in text
        if character in ('"', '\\')
            print(io, '\\', character)
        elseif character < ' ' || character == '\x7f'
            print(io, "\\u", string(UInt32(character), base = 16, pad = 4))
        else
            print(io, character)
        end
    end
    print(io, '"')
end

write_json(io, list::Union{AbstractVector,Tuple}) = write_joined(write_json, io, list, "[", "]")

write_json(io, map::NamedTuple) = write_map(io, pairs(map))
write_json(io, map::AbstractDict) = write_map(io, map)
write_json(io, value) = throw(ArgumentError("JSON has no form for a $(typeof(value)): $(repr(value))"))

function write_map(io, entries)
    names = String[]
    write_joined(io, entries, "{", "}") do io, (key, value)
        key isa Union{AbstractString,Symbol} || throw(ArgumentError("keys of JSON are texts or symbols, not $(repr(key))"))
        String(key) in names && throw(ArgumentError("the key \"$key\" is given twice"))
        push!(names, String(key))
        write_json(io, String(key))
        print(io, ':')
        write_json(io, value)
    end
end

function write_joined(write_one, io, items, before, after)
    print(io, before)
    for (index, item) in enumerate(items)
        index == 1 || print(io, ',')
        write_one(io, item)
    end
    print(io, after)
end

"""
What a C function takes as options: JSON text as it is, a dictionary or named tuple and keywords as JSON, NULL for none.
A key that is in both the dictionary and the keywords is refused.
"""
options_text(options::Nothing, keywords) = isempty(keywords) ? C_NULL : json(keywords)
options_text(options::AbstractString, keywords) =
    isempty(keywords) ? String(options) : throw(ArgumentError("give options as text or as keywords, not both"))
options_text(options::Union{AbstractDict,NamedTuple}, keywords) =
    sprint(io -> write_map(io, Iterators.flatten((pairs(options), keywords))))
