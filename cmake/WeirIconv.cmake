# Text in encodings other than UTF-8, UTF-16 and Latin-1, by the system's iconv.
#
# Sets WEIR_HAS_ICONV for weir/features.h.
set(WEIR_ICONV AUTO CACHE STRING "Old encodings of text, by iconv: AUTO (where it is), ON, OFF")
set_property(CACHE WEIR_ICONV PROPERTY STRINGS AUTO ON OFF)

set(WEIR_HAS_ICONV OFF)
if(WEIR_ICONV STREQUAL "AUTO")
    find_package(Iconv QUIET)
    set(WEIR_HAS_ICONV ${Iconv_FOUND})
elseif(WEIR_ICONV)
    find_package(Iconv REQUIRED)
    set(WEIR_HAS_ICONV ON)
endif()
# glibc and musl have it in the C library.
if(WEIR_HAS_ICONV AND NOT Iconv_IS_BUILT_IN)
    set_property(GLOBAL APPEND PROPERTY WEIR_EXTRA_LIBS -liconv)
endif()
