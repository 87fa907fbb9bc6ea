# What test_julia_bad_input.py starts: each case prints `NAME: ` and, in one line, what was thrown; "nothing" if nothing was.
using Oarlock

const DIGITS = joinpath(@__DIR__, "..", "..", "examples", "digits")
const CASES = Pair{String,Function}[]
case(body, name) = push!(CASES, name => body)

const STATE = State()
const MODEL = Model(STATE, joinpath(DIGITS, "digits.pt2"))
const TEST = Dataset(joinpath(DIGITS, "test.safetensors"))
const GROUP = Group(STATE)

ended(object) = (finalize(object); object)
images(::Type{T}, sizes...) where {T} = (images = zeros(T, sizes...), labels = zeros(Int64, sizes[1]))

case(() -> on_print_throwing("a text"), "a text thrown in a callback")
case(() -> on_print_throwing(nothing), "nothing thrown in a callback")
case(() -> on_print_throwing(InterruptException()), "an interrupt in a callback")
case(() -> on_print_throwing(StackOverflowError()), "an error of the runtime in a callback")
case(() -> print_to(text -> println(STATE, Dict()["missing"])), "a callback that fails in a callback")
case(() -> print_to(5), "no function where one belongs")

on_print_throwing(what) = print_to(text -> throw(what))
function print_to(f)
    on_print(f, STATE)
    try
        println(STATE, "x")
    finally
        on_print(nothing, STATE)
        barrier(STATE)  # it works on
    end
end

case("a log function that fails") do
    on_log((level, component, message) -> error("in the log function"))
    try
        latest_checkpoint(dirname(mkpath(joinpath(mktempdir(), "checkpoint_0"))))
    finally
        on_log(nothing)
    end
end

for (name, use) in ("tensor" => () -> all_reduce!(GROUP, ended(Tensor(Float32, 1))), "model" => () -> ended(Model(STATE))["weights"],
                    "loader" => () -> first(ended(Loader(TEST))), "tree" => () -> keys(ended(Tree((a = 1,)))),
                    "data set" => () -> ended(Dataset((x = [1],)))[1:1], "config" => () -> State(ended(Config())),
                    "group" => () -> barrier(ended(Group(STATE))), "state" => () -> println(ended(State()), "x"))
    case(use, "ended " * name)
end
case(() -> Tree((a = ended(Tensor(Float32, 1)),)), "ended tensor in a tree")

case(() -> MODEL(images(Float32, 2, 8, 8)), "input of a wrong dtype")
case(() -> MODEL(images(UInt8, 2, 8, 9)), "input of a wrong shape")
case(() -> MODEL((image = zeros(UInt8, 2, 8, 8), labels = [0, 1])), "input of a wrong name")
case(() -> MODEL((images = "text", labels = [0, 1])), "input that is no tensor")
case(() -> all_gather!(GROUP, zeros(Float32, 3), zeros(Float32, 2)), "output of a wrong shape")
case(() -> all_gather!(GROUP, zeros(Float64, 2), zeros(Float32, 2)), "output of a wrong dtype")
case(() -> copyto!(MODEL[first(keys(MODEL))], zeros(Float32, 3, 3)), "copy of a wrong shape")
case(() -> Tensor(big.([1, 2])), "array of big integers")
case(() -> Tensor(["a", "b"]), "array of texts")
case(() -> Tensor(1:3), "range")
case(() -> Tensor(view(zeros(4), 4:-1:1)), "array that runs backwards")
case(() -> Tensor(trues(3)), "array of bits")
case(() -> all_reduce!(GROUP, view(codeunits("text"), 1:2)), "reduction into a text")
case(() -> TEST[[true]], "mask of another length")
case(() -> Tree(Dict(1 => 2)), "number as a key of a tree")
case(() -> barrier(STATE; timeout = typemax(Int)), "time-out beyond all numbers")
struct Speechless <: Exception end
Base.showerror(io::IO, ::Speechless) = error("has nothing to say")
case("error that cannot be shown") do
    try
        State(state -> throw(Speechless()))
    catch failure
        failure isa Speechless || rethrow()
        error("it is Speechless")
    end
end
case(() -> register_parameter!(Model(STATE), "w", [1, 2]), "parameter of integers")
case(() -> register_parameter!(Model(STATE), "w", view(zeros(Float32, 4, 4), 1:2, :)), "parameter with gaps")
case(() -> TEST[[0]], "sample 0")
case(() -> TEST[361:361], "sample beyond the last")
case(() -> Tree((a = 1 + 2im,)), "complex number in a tree")
case(() -> Tree(Any[1, 2])[3], "entry beyond the last")
case(() -> Config("{\"seed\": 1,}"), "text that is no JSON")
case(() -> Config(seed = NaN), "option that JSON lacks")
case(() -> Config(seed = 1, comm = (timeout_ms = "soon",)), "option of a wrong type")
case(() -> Loader(TEST, "{}"; batch_size = 3), "options as text and as keywords")
case(() -> Dataset("a\0b"), "text with a NUL")
case(() -> barrier(STATE; timeout = Inf), "time-out that never ends")
case(() -> set_shard!(Loader(TEST), 2, 2), "rank beyond the world")
case(() -> all_reduce!(GROUP, Tensor(Float32, 1), +), "reduction that is a function")

for (name, body) in CASES
    thrown = try
        body()
        "nothing"
    catch failure
        failure isa Exception ? sprint(showerror, failure) : "thrown: " * repr(failure)
    end
    println(name, ": ", replace(thrown, '\n' => " | "))
end
