# libzstd as LibZstd::LibZstd (only some builds of it have a config file).
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(PC_ZSTD QUIET libzstd)
endif()
# zstd_errors.h is public since 1.4.0.
find_path(LibZstd_INCLUDE_DIR zstd_errors.h HINTS ${PC_ZSTD_INCLUDE_DIRS})
find_library(LibZstd_LIBRARY zstd HINTS ${PC_ZSTD_LIBRARY_DIRS})
mark_as_advanced(LibZstd_INCLUDE_DIR LibZstd_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibZstd
    REQUIRED_VARS LibZstd_LIBRARY LibZstd_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "install libzstd-dev, or configure with -DWEIR_ZSTD=OFF")
if(LibZstd_FOUND AND NOT TARGET LibZstd::LibZstd)
    add_library(LibZstd::LibZstd UNKNOWN IMPORTED)
    set_target_properties(LibZstd::LibZstd PROPERTIES
        IMPORTED_LOCATION ${LibZstd_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${LibZstd_INCLUDE_DIR})
endif()
