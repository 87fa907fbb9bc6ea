# install: headers, library, command, pkg-config file, CMake package. The installed tree may be moved as a whole; only the folder
# of libtorch is remembered, as the last place to look after the library's own.
include(CMakePackageConfigHelpers)

install(DIRECTORY capi/include/oarlock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
set_target_properties(oarlock PROPERTIES INSTALL_RPATH "$ORIGIN;${OARLOCK_TORCH}/lib")
install(TARGETS oarlock LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET oarlock_command)
  set_target_properties(oarlock_command PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS oarlock_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# lib or lib/x86_64-linux-gnu: how many floors up the prefix is from the folder of the pkg-config file.
string(REGEX REPLACE "[^/]+" ".." pc_to_prefix "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
configure_file(cmake/oarlock.pc.in ${CMAKE_BINARY_DIR}/oarlock.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/oarlock.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Oarlock)
configure_package_config_file(cmake/OarlockConfig.cmake.in ${CMAKE_BINARY_DIR}/OarlockConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
# 0.x promises nothing between minor versions.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/OarlockConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/OarlockConfig.cmake ${CMAKE_BINARY_DIR}/OarlockConfigVersion.cmake DESTINATION ${package_dir})
