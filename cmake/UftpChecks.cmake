# Checks on the tree itself: is the core pure, do its headers stand alone, does the installed
# library work. Each is a script below tools/ that also runs by hand; exit status 77 means
# "cannot be tried here", with the reason on the output.
if(NOT BUILD_TESTING)
  return()
endif()

find_program(UFTP_CXX NAMES c++ g++ clang++)
if(UFTP_CXX)
  set(checks_cxx ${UFTP_CXX})
endif()

# uftp_check(NAME COMMAND...): the checks see the build through these variables.
function(uftp_check name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES
    SKIP_RETURN_CODE 77
    LABELS tree
    ENVIRONMENT "CC=${CMAKE_C_COMPILER};CXX=${checks_cxx};BUILD_DIR=${PROJECT_BINARY_DIR}")
endfunction()

# A sanitizer's or gcov's own calls are in the archive, so only a plain build can be asked.
if(UFTP_SANITIZE OR UFTP_COVERAGE OR UFTP_FUZZ)
  set(purity_archive --instrumented)
else()
  set(purity_archive $<TARGET_FILE:uftp-proto>)
endif()
uftp_check(purity tools/purity ${purity_archive})
uftp_check(purity_catches_a_break tools/tests/purity_catches_a_break ${purity_archive})
uftp_check(headers_stand_alone tools/tests/headers_stand_alone)
uftp_check(format tools/tests/format)
uftp_check(features_table tools/tests/features_table)
uftp_check(links_lead_somewhere tools/tests/links_lead_somewhere)
# Linking against the installed archive needs what the archive was instrumented with.
if(UFTP_SANITIZE)
  set(install_flags -fsanitize=address,undefined)
elseif(UFTP_COVERAGE)
  set(install_flags --coverage)
endif()
uftp_check(install_works tools/tests/install_works ${install_flags})
if(TARGET uftp AND TARGET uftpd AND TARGET uftp_keymgt)
  uftp_check(manual_matches_help tools/tests/manual_matches_help)
endif()
