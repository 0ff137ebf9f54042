# The library from its layers: weir::weir (shared), weir::weir_static, and
# weir_codec, the codecs alone with core/base (libweir-codec.a, for the fuzzers).
get_property(layers GLOBAL PROPERTY WEIR_LAYERS)
set(objects)
set(codec_objects)
foreach(layer IN LISTS layers)
    list(APPEND objects $<TARGET_OBJECTS:${layer}>)
    if(layer MATCHES "^weir_base$|_codec$")
        list(APPEND codec_objects $<TARGET_OBJECTS:${layer}>)
    endif()
endforeach()
get_property(extra_objects GLOBAL PROPERTY WEIR_EXTRA_OBJECTS)
get_property(extra_libs GLOBAL PROPERTY WEIR_EXTRA_LIBS)
list(APPEND objects ${extra_objects})
list(APPEND codec_objects ${extra_objects})

find_package(Threads REQUIRED)

add_library(weir SHARED ${objects})
add_library(weir_static STATIC ${objects})
add_library(weir_codec STATIC ${codec_objects})
add_library(weir::weir ALIAS weir)
add_library(weir::weir_static ALIAS weir_static)

# Until 1.0 a minor version may change the interface, so it is in the SONAME.
set_target_properties(weir PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set_target_properties(weir_static PROPERTIES OUTPUT_NAME weir)
set_target_properties(weir_codec PROPERTIES OUTPUT_NAME weir-codec)

foreach(target weir weir_static weir_codec)
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:weir_sanitize>)
    target_link_libraries(${target} PRIVATE ${extra_libs} ${WEIR_CONTENT_LIBS})
endforeach()
target_link_libraries(weir PRIVATE Threads::Threads)
target_link_libraries(weir_static PUBLIC Threads::Threads)
if(WEIR_TLS)
    target_link_libraries(weir PRIVATE OpenSSL::SSL OpenSSL::Crypto)
    target_link_libraries(weir_static PRIVATE OpenSSL::SSL OpenSSL::Crypto)
endif()
