# What `cmake --install` puts where: the headers, both libraries, the command, the
# CMake package (find_package(weir)) and weir.pc. Included after all targets.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weir
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS weir weir_static EXPORT weir-targets)
if(TARGET weir_cli)
    install(TARGETS weir_cli)
endif()

# An llhttp that was compiled into the library is not seen from outside; that of
# the system is linked by whoever links the archive.
set(WEIR_SYSTEM_LLHTTP OFF)
if(TARGET LLHTTP::LLHTTP)
    get_target_property(WEIR_SYSTEM_LLHTTP LLHTTP::LLHTTP IMPORTED)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weir-config.cmake.in
    ${PROJECT_BINARY_DIR}/weir-config.cmake INSTALL_DESTINATION ${package_dir})
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weir-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weir-config.cmake
    ${PROJECT_BINARY_DIR}/weir-config-version.cmake DESTINATION ${package_dir})
install(EXPORT weir-targets NAMESPACE weir:: DESTINATION ${package_dir})

# Paths relative to weir.pc itself, so that an installed tree can be moved.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH WEIR_PC_PREFIX ${pc_dir} ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH WEIR_PC_LIBDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH WEIR_PC_INCLUDEDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
string(REGEX REPLACE "/$" "" WEIR_PC_PREFIX "${WEIR_PC_PREFIX}")
set(WEIR_PC_LIBS_PRIVATE -pthread)
if(WEIR_SYSTEM_LLHTTP)
    string(PREPEND WEIR_PC_LIBS_PRIVATE "-lllhttp ")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/weir.pc.in ${PROJECT_BINARY_DIR}/weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
