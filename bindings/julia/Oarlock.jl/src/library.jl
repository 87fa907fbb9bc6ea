# Finds liboarlock, refuses one that this package was not made for, and says where it looked.

using Libdl

const LIBRARY_PATH = Ref("")

# Note: why RTLD_DEEPBIND. Julia's own libraries are in the process first, and libjulia exports a libuv that differs
# from the one inside libtorch under the same names. So bound, libtorch's calls reach its own functions.
const FLAGS = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND

const WAY_OUT = "Set OARLOCK_LIB_DIR to the folder that holds liboarlock.so, or put that folder where the system's loader looks."

"Where the loaded liboarlock lies."
library_path() = LIBRARY_PATH[]

"The version of the loaded library, for example `v\"0.1.0\"`."
library_version() = VersionNumber(unsafe_string(Lib.oar_version()))

"Version and file of the libtorch that is really loaded. Throws nothing for another version than the library's own."
torch_version() = read_text((buf, len) -> Lib.oar_torch_version(buf, len))

"What to open, in this order, each with how it was thought of."
function candidates()
    names = ("liboarlock.so.$(Lib.OAR_VERSION_MAJOR)", "liboarlock.so")
    folder = get(ENV, "OARLOCK_LIB_DIR", "")
    isempty(folder) || return [(joinpath(abspath(folder), name), "OARLOCK_LIB_DIR=$folder") for name in reverse(names)]
    [(name, "the system's loader (LD_LIBRARY_PATH, ldconfig)") for name in names]
end

struct DlInfo
    file::Cstring
    base::Ptr{Cvoid}
    symbol::Cstring
    address::Ptr{Cvoid}
end

"The file that gives a symbol to libraries loaded from now on, or \"\"."
function provider(symbol)
    address = ccall(:dlsym, Ptr{Cvoid}, (Ptr{Cvoid}, Cstring), C_NULL, symbol)
    info = Ref{DlInfo}()
    address == C_NULL || ccall(:dladdr, Cint, (Ptr{Cvoid}, Ptr{DlInfo}), address, info) == 0 ? "" : unsafe_string(info[].file)
end

# Debian's Julia links libunwind before libgcc_s; its _Unwind_Resume_or_Rethrow ends the process when C++ rethrows.
# With Debian 12's libunwind an exception of Julia's own ends it too, so the text is written before one is thrown.
function check_unwinder()
    file = provider("_Unwind_Resume_or_Rethrow")
    occursin("libunwind", basename(file)) || return
    text = """
        this Julia unwinds C++ exceptions by $file, which ends the process at the first that is rethrown.
        Use the julia that tools/setup_julia of Oarlock's sources makes, or (not on Debian 12, where this does not suffice)
        start Julia with the environment variable LD_PRELOAD=libgcc_s.so.1."""
    println(Core.stderr, "Oarlock: ", text)
    error(text)
end

function check_version(handle, path, how)
    described = "$path (by $how)"
    needed = "$(Lib.OAR_VERSION_MAJOR).$(Lib.OAR_VERSION_MINOR)"
    abi_version = dlsym(handle, :oar_abi_version; throw_error = false)
    abi_version === nothing && error("$described is no liboarlock: it has no function oar_abi_version. $WAY_OUT")
    major, minor = divrem(ccall(abi_version, Int32, ()), 1 << 16)
    same = major == Lib.OAR_VERSION_MAJOR && (major == 0 ? minor == Lib.OAR_VERSION_MINOR : minor >= Lib.OAR_VERSION_MINOR)
    same || error("Oarlock.jl was made for liboarlock $needed, but $described is version $major.$minor. $WAY_OUT")
end

# Every call that can fail refuses another libtorch than the library was built for; this one does nothing else.
function check_torch(path, how)
    status = Lib.oar_experimental_get("live_handle_count", Ref(C_NULL))
    status != Lib.OAR_E_VERSION || error("$path (by $how) cannot be used here: $(unsafe_string(Lib.oar_last_error()))")
end

function open_library!()
    check_unwinder()
    tried = String[]
    for (file, how) in candidates()
        handle = try
            dlopen(file, FLAGS)
        catch failure
            push!(tried, "  $file (by $how): $(failure isa ErrorException ? failure.msg : failure)")
            continue
        end
        path = dlpath(handle)
        check_version(handle, path, how)
        lacking = Lib.bind!(handle)
        isempty(lacking) || error("$path (by $how) lacks $(join(lacking, ", ")), which this Oarlock.jl was made for. $WAY_OUT")
        check_torch(path, how)
        LIBRARY_PATH[] = path
        return
    end
    error("liboarlock was not found. Looked at:\n$(join(tried, "\n"))\n$WAY_OUT")
end
