/* SPDX-License-Identifier: MIT
 *
 * The satellite of sat_channel.h in real time, between real network namespaces: each gets a tap
 * interface, and what real programs send there crosses ns-3.
 */
#ifndef SIM_NS3_RT_H
#define SIM_NS3_RT_H

#include <uftp/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ns3_rt {
    const char *const *namespaces; /* files, as /proc/PID/ns/net; the first is the hub's */
    size_t count;
    const char *interface; /* name of the taps, which must not be there yet */
    uint64_t delay;        /* one way */
    uint32_t loss_ppm;     /* both ways, each terminal its own luck */
    uint32_t seed;         /* not 0 */
    void (*ready)(void);   /* called when the taps are there: they may be given addresses */
    bool (*wanted)(void);  /* asked 100 times a second; false ends it */
} ns3_rt;

typedef struct ns3_rt_outcome {
    uint64_t lost;    /* frames of any kind */
    uint64_t lag_max; /* how far the simulated clock once was behind the real one */
} ns3_rt_outcome;

/* 0, or the errno with which a tap was refused. */
int ns3_rt_run(const ns3_rt *config, ns3_rt_outcome *out);

#ifdef __cplusplus
}
#endif
#endif
