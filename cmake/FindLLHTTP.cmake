# llhttp, the parser of HTTP/1 heads, as LLHTTP::LLHTTP: releases 8.1 to 9.x.
#
# A library of the system is taken when there is one (libllhttp, llhttp.h). Else its
# C sources, which Debian's package node-llhttp installs, are compiled into the object
# library weir_llhttp, and the global property WEIR_EXTRA_OBJECTS gets its objects, to
# become a part of libweir and libweir-codec: who links those needs no llhttp. The
# global property WEIR_EXTRA_LIBS gets what a static libweir needs otherwise.
#
# llhttp 8 is built strict or loose. Ours is strict: the loose one takes any byte for
# the LF after a CR, blanks in names, and bytes above 127 in targets. The codec checks
# all of that itself, since a library of the system may be loose; two checks of what
# request smuggling lives on are better than one. From 9.0 on there is only one build.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(PC_LLHTTP QUIET libllhttp)
endif()
find_path(LLHTTP_INCLUDE_DIR llhttp.h
    HINTS ${PC_LLHTTP_INCLUDE_DIRS} PATH_SUFFIXES llhttp)
find_library(LLHTTP_LIBRARY llhttp HINTS ${PC_LLHTTP_LIBRARY_DIRS})
find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share /usr/local/share PATH_SUFFIXES llhttp)
mark_as_advanced(LLHTTP_INCLUDE_DIR LLHTTP_LIBRARY LLHTTP_SOURCE_DIR)

# Debian puts the header beside the sources' tree, not where compilers look.
if(NOT LLHTTP_INCLUDE_DIR AND LLHTTP_SOURCE_DIR)
    unset(LLHTTP_INCLUDE_DIR CACHE)
    find_path(LLHTTP_INCLUDE_DIR llhttp.h
        HINTS ${LLHTTP_SOURCE_DIR} ${LLHTTP_SOURCE_DIR}/../include/llhttp)
endif()

set(LLHTTP_VERSION)
if(LLHTTP_INCLUDE_DIR)
    set(version)
    foreach(part MAJOR MINOR PATCH)
        file(STRINGS ${LLHTTP_INCLUDE_DIR}/llhttp.h line
            REGEX "^#define LLHTTP_VERSION_${part} [0-9]+" LIMIT_COUNT 1)
        string(REGEX REPLACE "[^0-9]" "" number "${line}")
        list(APPEND version ${number})
    endforeach()
    list(JOIN version "." LLHTTP_VERSION)
endif()

set(from LLHTTP_LIBRARY)
if(NOT LLHTTP_LIBRARY)
    set(from LLHTTP_SOURCE_DIR)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LLHTTP
    REQUIRED_VARS ${from} LLHTTP_INCLUDE_DIR
    VERSION_VAR LLHTTP_VERSION
    HANDLE_VERSION_RANGE
    REASON_FAILURE_MESSAGE "install libllhttp-dev, or node-llhttp for its sources")

if(LLHTTP_FOUND AND NOT TARGET LLHTTP::LLHTTP)
    if(LLHTTP_LIBRARY)
        add_library(LLHTTP::LLHTTP UNKNOWN IMPORTED)
        set_target_properties(LLHTTP::LLHTTP PROPERTIES
            IMPORTED_LOCATION ${LLHTTP_LIBRARY}
            INTERFACE_INCLUDE_DIRECTORIES ${LLHTTP_INCLUDE_DIR})
        set_property(GLOBAL APPEND PROPERTY WEIR_EXTRA_LIBS -lllhttp)
    else()
        add_library(weir_llhttp OBJECT
            ${LLHTTP_SOURCE_DIR}/api.c
            ${LLHTTP_SOURCE_DIR}/http.c
            ${LLHTTP_SOURCE_DIR}/llhttp.c)
        target_include_directories(weir_llhttp SYSTEM PRIVATE ${LLHTTP_INCLUDE_DIR})
        target_compile_definitions(weir_llhttp PRIVATE LLHTTP_STRICT_MODE=1)
        target_compile_options(weir_llhttp PRIVATE -w)
        target_link_libraries(weir_llhttp PRIVATE
            $<$<TARGET_EXISTS:weir_sanitize>:weir_sanitize>)
        set_target_properties(weir_llhttp PROPERTIES
            C_STANDARD 11
            POSITION_INDEPENDENT_CODE ON
            C_VISIBILITY_PRESET hidden)
        add_library(LLHTTP::LLHTTP INTERFACE IMPORTED)
        target_include_directories(LLHTTP::LLHTTP SYSTEM INTERFACE ${LLHTTP_INCLUDE_DIR})
        set_property(GLOBAL APPEND PROPERTY WEIR_EXTRA_OBJECTS
            $<TARGET_OBJECTS:weir_llhttp>)
    endif()
endif()
