/* SPDX-License-Identifier: MIT
 *
 * Captures of real sessions: every packet of one wire version goes through its codec and comes out
 * the same, and there are as many of each type as another dissector counted (manifest.json).
 */
#ifndef UFTP_CONFORMANCE_CHECK_CAPTURES_H
#define UFTP_CONFORMANCE_CHECK_CAPTURES_H

#include <uftp/wire.h>

/* All folders of captures/ whose name starts with `prefix`. How many there must be is told, so that
 * one that is lost shows. */
void check_captures(const uftp_wire *wire, const char *prefix, int folders_expected);

#endif
