/* SPDX-License-Identifier: MIT
 *
 * What becomes of a proxy's events: lines of the log (spec cli 9, proxy).
 */
#ifndef UFTP_PROXY_REPORT_H
#define UFTP_PROXY_REPORT_H

#include "runtime/log.h"

#include <uftp/event.h>

/* One event of uftp_proxy_poll_event(). Joining and leaving is the caller's. */
void uftp_proxy_report_event(uftp_log *log, const uftp_event *event);

#endif
