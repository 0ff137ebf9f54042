# The decoder of brotli as BrotliDec::BrotliDec (it has no config file).
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(PC_BROTLIDEC QUIET libbrotlidec)
endif()
find_path(BrotliDec_INCLUDE_DIR brotli/decode.h HINTS ${PC_BROTLIDEC_INCLUDE_DIRS})
find_library(BrotliDec_LIBRARY brotlidec HINTS ${PC_BROTLIDEC_LIBRARY_DIRS})
mark_as_advanced(BrotliDec_INCLUDE_DIR BrotliDec_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(BrotliDec
    REQUIRED_VARS BrotliDec_LIBRARY BrotliDec_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "install libbrotli-dev, or configure with -DWEIR_BROTLI=OFF")
if(BrotliDec_FOUND AND NOT TARGET BrotliDec::BrotliDec)
    add_library(BrotliDec::BrotliDec UNKNOWN IMPORTED)
    set_target_properties(BrotliDec::BrotliDec PROPERTIES
        IMPORTED_LOCATION ${BrotliDec_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${BrotliDec_INCLUDE_DIR})
endif()
