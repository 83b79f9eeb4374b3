/* SPDX-License-Identifier: MIT
 *
 * The options of uftp that mean something else with --wire 4: -Y -h -e -w -K as programs of version
 * 4 take them (spec cli 15), so that a command line for those works unchanged.
 */
#ifndef UFTP_SENDER_OPTIONS_V4_H
#define UFTP_SENDER_OPTIONS_V4_H

#include "uftp/options.h"

/* What version 4 does when nothing is said: no encryption; with -Y alone RSA, SHA-1 and HMAC. */
void uftp_options_v4_defaults(uftp_sender_options *options);
/* Takes one of the five; -1 when it is none of them. */
int uftp_options_v4_take(uftp_sender_options *options, const uftp_option_use *use,
                         uftp_failure *failure);
/* All options have been seen: refuses broken cryptography that was not asked for, and chooses the
 * kind of key to make when neither -k nor -K was given. */
int uftp_options_v4_check(uftp_sender_options *options, uftp_failure *failure);

#endif
