# install: headers, library, command, pkg-config file, CMake package. The installed tree may be moved as a whole; only the folder
# of libtorch is remembered, as the last place to look after the library's own.
include(CMakePackageConfigHelpers)

install(DIRECTORY capi/include/oarlock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
set_target_properties(oarlock PROPERTIES INSTALL_RPATH "$ORIGIN;${OARLOCK_TORCH}/lib")
install(TARGETS oarlock LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES LICENSE THIRD-PARTY-NOTICES DESTINATION ${CMAKE_INSTALL_DOCDIR})
# liboarlock_mpi is bound to one MPI, so its source goes along for sites to compile against theirs.
install(DIRECTORY capi/mpi/include/oarlock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES capi/mpi/oarlock_mpi.cpp capi/mpi/lent_calls.h DESTINATION share/oarlock/mpi)
if(TARGET oarlock_mpi)
  set_target_properties(oarlock_mpi PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS oarlock_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET oarlock_cuda)
  install(TARGETS oarlock_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET oarlock_command)
  set_target_properties(oarlock_command PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS oarlock_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The command looks for it in ../share of its own folder.
  install(DIRECTORY bindings/python/oarlock/export/ DESTINATION share/oarlock/oarlock_export FILES_MATCHING PATTERN "*.py")
endif()

# What the library was built for: a process must hold a libtorch of this minor version.
file(STRINGS ${OARLOCK_TORCH}/include/torch/headeronly/version.h torch_numbers REGEX "define TORCH_VERSION_(MAJOR|MINOR) ")
string(REGEX MATCHALL "[0-9]+" torch_numbers "${torch_numbers}")
list(JOIN torch_numbers . OARLOCK_TORCH_VERSION)

# lib or lib/x86_64-linux-gnu: how many floors up the prefix is from the folder of the pkg-config file.
string(REGEX REPLACE "[^/]+" ".." pc_to_prefix "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
configure_file(cmake/oarlock.pc.in ${CMAKE_BINARY_DIR}/oarlock.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/oarlock.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Oarlock)
configure_package_config_file(cmake/OarlockConfig.cmake.in ${CMAKE_BINARY_DIR}/OarlockConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_BINDIR CMAKE_INSTALL_DOCDIR)
# 0.x promises nothing between minor versions.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/OarlockConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/OarlockConfig.cmake ${CMAKE_BINARY_DIR}/OarlockConfigVersion.cmake DESTINATION ${package_dir})
