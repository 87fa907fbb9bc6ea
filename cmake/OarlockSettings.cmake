# OARLOCK_TORCH, OARLOCK_DEPS and OARLOCK_PYTHON, where they were not given, are what tools/setup installed: plain CMake calls and
# presets build with the same things as `make`.
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/setup --print OUTPUT_VARIABLE settings)
foreach(name OARLOCK_TORCH OARLOCK_DEPS OARLOCK_PYTHON)
  if(NOT ${name} AND settings MATCHES "${name}=([^\n]+)")
    set_property(CACHE ${name} PROPERTY VALUE "${CMAKE_MATCH_1}")
  endif()
endforeach()
