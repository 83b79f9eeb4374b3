/* SPDX-License-Identifier: MIT
 *
 * `uftp-pcap stats`: what a capture holds, session by session and file by file.
 */
#ifndef CAP_STATS_H
#define CAP_STATS_H

#include "tracker.h"
#include "writer.h"

typedef struct cap_stats cap_stats;

cap_stats *cap_stats_new(void); /* NULL: no memory */
void cap_stats_free(cap_stats *stats);
void cap_stats_packet(cap_stats *stats, const cap_packet *packet);
/* After the last packet. */
void cap_stats_write(const cap_stats *stats, const cap_tracker *tracker, cap_writer *w);

#endif
