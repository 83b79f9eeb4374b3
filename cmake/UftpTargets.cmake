# Flags that every target shares, and the two ways a target comes into being here.

add_library(uftp-flags INTERFACE)
target_compile_options(uftp-flags INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
                          -Wmissing-prototypes -Wvla -Wdate-time>
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra>)
if(UFTP_WERROR)
  target_compile_options(uftp-flags INTERFACE -Werror)
endif()
if(UFTP_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(UFTP_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# uftp_test(NAME SOURCE... [LIBS lib...]): a cmocka program, run by ctest under its own name.
function(uftp_test name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE uftp-flags ${ARG_LIBS} cmocka)
  target_compile_definitions(${name} PRIVATE UFTP_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
endfunction()
