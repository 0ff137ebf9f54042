# What `cmake --install` puts where: the headers, both libraries, the command, the
# CMake package (find_package(weir)) and weir.pc. Included after all targets.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)

set(without)
if(NOT WEIR_TLS)
    set(without PATTERN tls.h EXCLUDE)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weir ${PROJECT_BINARY_DIR}/include/weir
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" ${without})
install(TARGETS weir weir_static EXPORT weir-targets)
if(TARGET weir_cli)
    install(TARGETS weir_cli)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weir-config.cmake.in
    ${PROJECT_BINARY_DIR}/weir-config.cmake INSTALL_DESTINATION ${package_dir})
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weir-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weir-config.cmake
    ${PROJECT_BINARY_DIR}/weir-config-version.cmake
    ${PROJECT_SOURCE_DIR}/cmake/FindBrotliDec.cmake
    ${PROJECT_SOURCE_DIR}/cmake/FindLibZstd.cmake DESTINATION ${package_dir})
install(EXPORT weir-targets NAMESPACE weir:: DESTINATION ${package_dir})

# Paths relative to weir.pc itself, so that an installed tree can be moved.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH WEIR_PC_PREFIX ${pc_dir} ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH WEIR_PC_LIBDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH WEIR_PC_INCLUDEDIR ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
string(REGEX REPLACE "/$" "" WEIR_PC_PREFIX "${WEIR_PC_PREFIX}")
# What the archive needs: nothing of llhttp when that is compiled into it.
get_property(libs GLOBAL PROPERTY WEIR_EXTRA_LIBS)
list(JOIN libs " " WEIR_PC_LIBS_PRIVATE)
string(APPEND WEIR_PC_LIBS_PRIVATE " -pthread")
set(requires ${WEIR_CONTENT_PC})
if(WEIR_TLS)
    list(APPEND requires libssl libcrypto)
endif()
list(JOIN requires " " WEIR_PC_REQUIRES_PRIVATE)
configure_file(${PROJECT_SOURCE_DIR}/cmake/weir.pc.in ${PROJECT_BINARY_DIR}/weir.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weir.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
