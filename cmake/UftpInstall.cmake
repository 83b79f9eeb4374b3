# What `cmake --install` puts where. Included last, when every target is known.

set(UFTP_PROGRAMS)
foreach(program uftp uftpd uftpproxyd uftp_keymgt uftp-sim uftp-pcap)
  if(TARGET ${program})
    list(APPEND UFTP_PROGRAMS ${program})
  endif()
endforeach()
if(UFTP_PROGRAMS)
  install(TARGETS ${UFTP_PROGRAMS} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

foreach(program ${UFTP_PROGRAMS})
  if(EXISTS ${PROJECT_SOURCE_DIR}/docs/man/${program}.1)
    install(FILES docs/man/${program}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  endif()
endforeach()

if(TARGET uftp-sim)
  install(DIRECTORY sim/scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/uftp
    FILES_MATCHING PATTERN "*.yaml" PATTERN "*.trace")
endif()
install(TARGETS uftp-proto EXPORT uftp ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY proto/include/uftp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")

# Both descriptions find the prefix from where they lie, so `cmake --install --prefix elsewhere`
# and moving the tree afterwards work.
set(UFTP_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH UFTP_PC_TO_PREFIX /prefix/${UFTP_PC_DIR} /prefix)
configure_file(cmake/uftp.pc.in uftp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/uftp.pc DESTINATION ${UFTP_PC_DIR})

include(CMakePackageConfigHelpers)
set(UFTP_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/uftp)
configure_package_config_file(cmake/uftp-config.cmake.in uftp-config.cmake
  INSTALL_DESTINATION ${UFTP_CMAKE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(uftp-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/uftp-config.cmake
              ${PROJECT_BINARY_DIR}/uftp-config-version.cmake DESTINATION ${UFTP_CMAKE_DIR})
install(EXPORT uftp NAMESPACE uftp:: FILE uftp-targets.cmake DESTINATION ${UFTP_CMAKE_DIR})
