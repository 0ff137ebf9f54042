# weir_layer(NAME SOURCES file... [SEES folder...] [LINKS target...])
#
# One folder of the library as one object target. SEES names the folders whose
# internal headers it may include, so that an include upwards does not compile.
function(weir_layer name)
    cmake_parse_arguments(LAYER "" "" "SOURCES;SEES;LINKS" ${ARGN})
    add_library(${name} OBJECT ${LAYER_SOURCES})
    target_include_directories(${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
    weir_target_sees(${name} ${LAYER_SEES})
    weir_target_defaults(${name})
    target_link_libraries(${name} PRIVATE ${LAYER_LINKS})
    set_target_properties(${name} PROPERTIES
        POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden)
    target_compile_definitions(${name} PRIVATE WEIR_BUILDING)
    set_property(GLOBAL APPEND PROPERTY WEIR_LAYERS ${name})
endfunction()

# Lets a target include the internal headers of folders, by #include "" alone: the
# folder core has a signal.h that must not stand in for the system's.
function(weir_target_sees name)
    foreach(folder IN LISTS ARGN)
        target_compile_options(${name} PRIVATE
            "SHELL:-iquote ${PROJECT_SOURCE_DIR}/${folder}")
    endforeach()
endfunction()

# What every target of the project, library or not, is compiled with.
function(weir_target_defaults name)
    set_target_properties(${name} PROPERTIES
        C_STANDARD 11
        C_STANDARD_REQUIRED ON
        C_EXTENSIONS OFF)
    target_compile_options(${name} PRIVATE
        -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
    target_link_libraries(${name} PRIVATE
        $<BUILD_INTERFACE:weir_warnings> $<BUILD_INTERFACE:weir_sanitize>)
endfunction()
