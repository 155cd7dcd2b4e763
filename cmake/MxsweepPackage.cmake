# What `cmake --install` puts in place, and the .deb that `cpack` makes of it (in build/release: `cpack -G DEB`).
include(GNUInstallDirs)

# Made by the program from its own flags.
set(printed "${CMAKE_BINARY_DIR}/printed")
file(MAKE_DIRECTORY "${printed}")
add_custom_command(
  OUTPUT "${printed}/mxsweep.1.gz" "${printed}/mxsweep" "${printed}/_mxsweep" "${printed}/mxsweep.fish"
  COMMAND $<TARGET_FILE:mxsweep> man | gzip -9n > "${printed}/mxsweep.1.gz"
  COMMAND $<TARGET_FILE:mxsweep> completion bash > "${printed}/mxsweep"
  COMMAND $<TARGET_FILE:mxsweep> completion zsh > "${printed}/_mxsweep"
  COMMAND $<TARGET_FILE:mxsweep> completion fish > "${printed}/mxsweep.fish"
  DEPENDS mxsweep VERBATIM)
add_custom_target(mxsweep_printed ALL DEPENDS "${printed}/mxsweep.1.gz")

set(deploy "${PROJECT_SOURCE_DIR}/tools/deploy")
install(TARGETS mxsweep RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES "${printed}/mxsweep.1.gz" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES "${printed}/mxsweep" DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES "${printed}/_mxsweep" DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES "${printed}/mxsweep.fish" DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES "${deploy}/mxsweep-nightly.service" "${deploy}/mxsweep-nightly.timer"
        DESTINATION lib/systemd/system)
install(PROGRAMS "${deploy}/nightly-scan" "${deploy}/nightly-diff" DESTINATION lib/mxsweep)
install(FILES "${deploy}/mxsweep.toml" "${deploy}/grafana-dashboard.json"
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/mxsweep/examples)
install(FILES "${PROJECT_SOURCE_DIR}/NOTICE" DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/mxsweep
        RENAME copyright)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/CONTRIBUTING.md"
        "${PROJECT_SOURCE_DIR}/SECURITY.md" DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/mxsweep)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mxsweep)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
# Nobody of these is reached by mail: SECURITY.md and CONTRIBUTING.md say how.
set(CPACK_PACKAGE_CONTACT "mxsweep developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "survey of mail servers' transport security")
set(CPACK_PACKAGE_DESCRIPTION
"From a list of domains mxsweep finds the MX hosts, talks SMTP with every address
of each, makes the STARTTLS handshake, and writes down what was negotiated, whether
the certificate would be trusted, and what DANE says of it, as Parquet tables. It
explains single domains, mail logs, bounces and TLS reports in plain words.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "unbound, dns-root-data")
# Umask of whoever builds it is nobody's business.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
