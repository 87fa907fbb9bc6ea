# Flags, libtorch and the dependencies, and oarlock_add_room().

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # The variables let ccache see through precompiled headers and share objects between checkouts.
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1 ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_package(Threads REQUIRED)
if(OARLOCK_DEPS)
  list(PREPEND CMAKE_PREFIX_PATH ${OARLOCK_DEPS})
endif()

# libtorch: included and linked by path. find_package(Torch) would demand a CUDA toolkit for the CUDA wheel.
if(NOT EXISTS ${OARLOCK_TORCH}/include/ATen/core/Tensor.h)
  message(FATAL_ERROR "OARLOCK_TORCH='${OARLOCK_TORCH}' has no include/ATen/core/Tensor.h. Run tools/setup core, which prints "
                      "the folder, or give a libtorch or the torch folder of a wheel.")
endif()
add_library(oarlock_torch INTERFACE)
target_include_directories(oarlock_torch SYSTEM INTERFACE
  ${CMAKE_SOURCE_DIR}/cxx/comm/backends/gloo/stub  # five gloo headers that the wheel lacks
  ${OARLOCK_TORCH}/include ${OARLOCK_TORCH}/include/torch/csrc/api/include)
target_link_libraries(oarlock_torch INTERFACE ${OARLOCK_TORCH}/lib/libtorch_cpu.so ${OARLOCK_TORCH}/lib/libc10.so)
# A libtorch header's layout depends on NDEBUG, so it is defined in debug builds too.
add_compile_definitions(NDEBUG)
target_compile_definitions(oarlock_torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO AT_PER_OPERATOR_HEADERS)

# So that the refusal of another libtorch can name the right one.
set_source_files_properties(${CMAKE_SOURCE_DIR}/cxx/tensor/torch_check.cpp PROPERTIES
  COMPILE_DEFINITIONS OARLOCK_TORCH_PATH="${OARLOCK_TORCH}")

# Whose loops are to become vector code: at -O2 gcc 12 leaves loops of unknown length alone, and a precompiled header brings the level
# that it was made with.
set_source_files_properties(${CMAKE_SOURCE_DIR}/cxx/comm/reduction_kernels.cpp PROPERTIES
  COMPILE_OPTIONS -O3 SKIP_PRECOMPILE_HEADERS ON)

# liboarlock.so and liboarlock_cuda.so know each other by the checksum of the table between them.
file(SHA256 ${CMAKE_SOURCE_DIR}/cxx/comm/backends/nccl/nccl_calls.h nccl_build)
string(SUBSTRING ${nccl_build} 0 16 nccl_build)
set(OARLOCK_NCCL_BUILD 0x${nccl_build}u)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cxx/comm/backends/nccl/nccl_calls.h)
set_source_files_properties(${CMAKE_SOURCE_DIR}/cxx/comm/backends/nccl/nccl_library.cpp PROPERTIES
  COMPILE_DEFINITIONS OARLOCK_NCCL_BUILD=${OARLOCK_NCCL_BUILD})

# The table between liboarlock.so and liboarlock_mpi.so is installed with the latter, which sites compile themselves.
set(OARLOCK_MPI_CALLS_INCLUDE ${CMAKE_SOURCE_DIR}/capi/mpi/include)
set_source_files_properties(${CMAKE_SOURCE_DIR}/cxx/comm/backends/mpi/mpi_link.cpp PROPERTIES
  INCLUDE_DIRECTORIES ${OARLOCK_MPI_CALLS_INCLUDE})

find_path(OARLOCK_FMT_INCLUDE fmt/format.h REQUIRED)
find_path(OARLOCK_CJSON_INCLUDE cjson/cJSON.h REQUIRED HINTS ${OARLOCK_DEPS}/include)
find_library(OARLOCK_CJSON_LIBRARY libcjson.a REQUIRED HINTS ${OARLOCK_DEPS}/lib)
find_library(OARLOCK_XXHASH_LIBRARY libxxhash.a REQUIRED HINTS ${OARLOCK_DEPS}/lib)
find_library(OARLOCK_ZLIB_LIBRARY libz.a REQUIRED HINTS ${OARLOCK_DEPS}/lib)
add_library(oarlock_base_deps INTERFACE)
target_include_directories(oarlock_base_deps INTERFACE ${CMAKE_SOURCE_DIR}/cxx ${CMAKE_SOURCE_DIR}/capi/include)
target_include_directories(oarlock_base_deps SYSTEM INTERFACE ${OARLOCK_FMT_INCLUDE} ${OARLOCK_CJSON_INCLUDE})
target_compile_definitions(oarlock_base_deps INTERFACE FMT_HEADER_ONLY)
target_link_libraries(oarlock_base_deps INTERFACE Threads::Threads ${CMAKE_DL_LIBS}
  ${OARLOCK_CJSON_LIBRARY} ${OARLOCK_XXHASH_LIBRARY} ${OARLOCK_ZLIB_LIBRARY})

add_library(oarlock_warnings INTERFACE)
target_compile_options(oarlock_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror)
if(OARLOCK_SANITIZE)
  # Instrumented code makes gcc 12 see uninitialised members of std::optional in the headers of libtorch.
  target_compile_options(oarlock_warnings INTERFACE -fsanitize=${OARLOCK_SANITIZE} -fno-omit-frame-pointer -O1 -Wno-maybe-uninitialized)
  if(OARLOCK_SANITIZE MATCHES undefined)
    target_compile_options(oarlock_warnings INTERFACE -fno-sanitize-recover=undefined)
  endif()
  target_link_options(oarlock_warnings INTERFACE -fsanitize=${OARLOCK_SANITIZE})
endif()

# One precompiled header for every room that uses libtorch.
add_library(oarlock_torch_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/torch_pch.cpp)
target_link_libraries(oarlock_torch_pch PRIVATE oarlock_base_deps oarlock_torch oarlock_warnings)
target_compile_options(oarlock_torch_pch PRIVATE -fpch-preprocess)
# In angle brackets: with a full path inside, no two checkouts would share compiled objects.
target_include_directories(oarlock_torch_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake)
target_precompile_headers(oarlock_torch_pch PRIVATE <torch_pch.h>)
# gcc writes another file each time, so ccache is told what the precompiled header depends on instead of its bytes.
file(SHA256 ${CMAKE_SOURCE_DIR}/cmake/torch_pch.h pch_sum)
file(SHA256 ${OARLOCK_TORCH}/lib/libc10.so torch_sum)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/CMakeFiles/oarlock_torch_pch.dir/cmake_pch.hxx.gch.sum
  CONTENT "${pch_sum} ${torch_sum} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${OARLOCK_SANITIZE}\n")

# Compile as code of ours that uses libtorch.
function(oarlock_use_torch target)
  target_link_libraries(${target} PRIVATE oarlock_base_deps oarlock_torch oarlock_warnings)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  target_precompile_headers(${target} REUSE_FROM oarlock_torch_pch)
endfunction()

# cxx/<room>/**/*.cpp -> object library room_<room>. launch is an executable and adds itself.
function(oarlock_add_room room)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cxx/${room}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/backends/nccl/library/")  # liboarlock_cuda.so
  if(room STREQUAL launch OR NOT sources)
    return()
  endif()
  add_library(room_${room} OBJECT ${sources})
  if(room IN_LIST OARLOCK_ROOMS_WITHOUT_TORCH)
    target_link_libraries(room_${room} PRIVATE oarlock_base_deps oarlock_warnings)
  else()
    oarlock_use_torch(room_${room})
  endif()
  set_property(GLOBAL APPEND PROPERTY OARLOCK_ROOM_TARGETS room_${room})
endfunction()
