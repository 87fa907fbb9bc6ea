# install: headers, library, command, pkg-config file, CMake package.
install(DIRECTORY capi/include/oarlock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
