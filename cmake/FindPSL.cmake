# libpsl, Mozilla's list of public suffixes, as PSL::PSL. The global property
# WEIR_EXTRA_LIBS gets what a static libweir needs of it.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(PC_PSL QUIET libpsl)
endif()
find_path(PSL_INCLUDE_DIR libpsl.h HINTS ${PC_PSL_INCLUDE_DIRS})
find_library(PSL_LIBRARY psl HINTS ${PC_PSL_LIBRARY_DIRS})
mark_as_advanced(PSL_INCLUDE_DIR PSL_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PSL
    REQUIRED_VARS PSL_LIBRARY PSL_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "install libpsl-dev, or say -DWEIR_PSL=OFF")

if(PSL_FOUND AND NOT TARGET PSL::PSL)
    add_library(PSL::PSL UNKNOWN IMPORTED)
    set_target_properties(PSL::PSL PROPERTIES
        IMPORTED_LOCATION ${PSL_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${PSL_INCLUDE_DIR})
    set_property(GLOBAL APPEND PROPERTY WEIR_EXTRA_LIBS -lpsl)
endif()
