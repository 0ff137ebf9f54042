# The content codings of HTTP, each by the library that everybody uses for it:
#
#   WEIR_ZLIB    gzip and deflate, decoded and encoded, by zlib
#   WEIR_BROTLI  br, decoded, by libbrotlidec
#   WEIR_ZSTD    zstd, decoded, by libzstd 1.4 or later
#
# Sets WEIR_HAS_ZLIB, _BROTLI and _ZSTD for weir/features.h, and WEIR_CONTENT_LIBS and
# WEIR_CONTENT_PC: what to link, as targets and as names for pkg-config.
option(WEIR_ZLIB "gzip and deflate, by zlib" ON)
set(WEIR_BROTLI AUTO CACHE STRING "br, by libbrotlidec: ON, OFF, or AUTO, when it is there")
set(WEIR_ZSTD AUTO CACHE STRING "zstd, by libzstd: ON, OFF, or AUTO, when it is there")
set_property(CACHE WEIR_BROTLI WEIR_ZSTD PROPERTY STRINGS AUTO ON OFF)

set(WEIR_CONTENT_LIBS)
set(WEIR_CONTENT_PC)

# weir_coding(NAME PACKAGE TARGET PC_NAME): as the option WEIR_<NAME> says.
macro(weir_coding name package target pc)
    set(WEIR_HAS_${name} OFF)
    if(WEIR_${name} STREQUAL "AUTO")
        find_package(${package} QUIET)
        set(WEIR_HAS_${name} ${${package}_FOUND})
    elseif(WEIR_${name})
        find_package(${package} REQUIRED)
        set(WEIR_HAS_${name} ON)
    endif()
    if(WEIR_HAS_${name})
        list(APPEND WEIR_CONTENT_LIBS ${target})
        list(APPEND WEIR_CONTENT_PC ${pc})
    endif()
endmacro()

weir_coding(ZLIB ZLIB ZLIB::ZLIB zlib)
weir_coding(BROTLI BrotliDec BrotliDec::BrotliDec libbrotlidec)
weir_coding(ZSTD LibZstd LibZstd::LibZstd libzstd)
