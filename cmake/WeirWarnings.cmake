# The warning set, as an interface target: weir_warnings.
add_library(weir_warnings INTERFACE)
target_compile_options(weir_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla -Wundef -Wformat=2
    -Wwrite-strings -Wcast-qual>
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<BOOL:${WEIR_WERROR}>>:-Werror>)
