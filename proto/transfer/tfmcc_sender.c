/* SPDX-License-Identifier: MIT */
#include "transfer/tfmcc_sender.h"

#include "base/arith.h"

/* The sender gives up no sooner than this, however short the round trips (spec v5 4.7.2). */
#define GIVE_UP_MIN UFTP_S(5)
/* Round trips of silence before the rate is halved, and again with each further one. */
#define SILENCE_GRTTS 4

/* One packet in a GRTT: the least there is to measure with, and the step upwards. */
static uint64_t one_per(const uftp_tfmcc_sender *s, uint64_t grtt)
{
    return s->config.packet_len * UFTP_S(1) / grtt;
}

static uint64_t packet_or_grtt(const uftp_tfmcc_sender *s, uint64_t grtt)
{
    uint64_t interval = s->config.packet_len * UFTP_S(1) / s->rate;
    return interval > grtt ? interval : grtt;
}

/* Below the bounds the reports say nothing about the network: slow start again. */
static void bound_below(uftp_tfmcc_sender *s, uint64_t grtt)
{
    uint64_t least = one_per(s, grtt);
    if (least < 1)
        least = 1;
    if (least < s->config.rate_min)
        least = s->config.rate_min;
    /* As long as a maximum is below one packet per GRTT, it rules (a limit is a promise). */
    if (s->config.rate_max && least > s->config.rate_max)
        least = s->config.rate_max;
    if (s->rate < least) {
        s->rate = least;
        s->slow_start = true;
    }
}

static void bound(uftp_tfmcc_sender *s, uint64_t grtt)
{
    if (s->config.rate_max && s->rate > s->config.rate_max) {
        s->rate = s->config.rate_max;
        s->slow_start = false;
    }
    bound_below(s, grtt);
}

void uftp_tfmcc_sender_init(uftp_tfmcc_sender *s, const uftp_tfmcc_config *config)
{
    /* The first file's first round is 0, which receivers of the reference do not answer. */
    *s = (uftp_tfmcc_sender){.config = *config, .round = UINT16_MAX};
}

void uftp_tfmcc_sender_begin(uftp_tfmcc_sender *s, uint64_t now, uint64_t grtt)
{
    s->rate = s->config.rate_initial ? s->config.rate_initial : one_per(s, grtt);
    bound(s, grtt);
    s->slow_start = true;
    s->round++; /* counted on from file to file: no receiver takes it for an old one (trap 22) */
    s->slowest = UFTP_TFMCC_RATE_ANY;
    s->adv_grtt = packet_or_grtt(s, grtt);
    s->round_deadline = now + UFTP_TFMCC_ROUND_GRTTS * s->adv_grtt;
    s->measured = s->round_deadline;
    s->control_deadline = now + s->adv_grtt;
    s->clr_heard = now;
    s->clr_dropped = false;
    s->rate_next = 0;
}

void uftp_tfmcc_sender_chosen(uftp_tfmcc_sender *s, uint64_t now)
{
    s->clr_heard = now;
}

/* From the CLR: down at once, up by one packet per round trip, as TCP does, however often it
 * reports; in slow start up at once, too, for then the report is twice what arrived. When the
 * network has become wider the receiver measures, as well, but nobody doubles on its word. */
static void follow_clr(uftp_tfmcc_sender *s, const uftp_tfmcc_report *report, uint64_t rate)
{
    uint64_t elapsed = report->now - s->clr_heard;
    uint64_t step = one_per(s, report->grtt);
    if (elapsed < s->adv_grtt)
        step = uftp_mul_div(step, elapsed, s->adv_grtt);
    if (report->probing)
        step = s->rate;
    s->rate = rate > s->rate + step && !s->slow_start ? s->rate + step : rate;
    bound(s, report->grtt);
    s->clr_heard = report->now;
}

static bool hear_other(uftp_tfmcc_sender *s, const uftp_tfmcc_report *report, uint64_t rate)
{
    if (rate >= s->rate && !report->no_clr)
        return false;
    s->clr_heard = report->now;
    if (s->clr_dropped) {
        s->rate_next = rate < s->rate ? rate : s->rate;
        return true;
    }
    s->rate = rate;
    bound(s, report->grtt);
    return true;
}

bool uftp_tfmcc_sender_report(uftp_tfmcc_sender *s, const uftp_tfmcc_report *report)
{
    if (!report->slow_start)
        s->slow_start = false;
    uint64_t rate = report->rate;
    bool chosen = false;
    if (!report->from_clr && rate < s->slowest)
        s->slowest = rate / 10 * 9 + rate % 10 * 9 / 10;
    if (!report->slow_start && !report->has_rtt) /* it had to compute with the GRTT */
        rate = uftp_mul_div(rate, s->adv_grtt, report->rtt);
    /* What arrives is measured over four GRTTs. In the first round these are mostly empty, and say
     * nothing against the rate that the operator chose to begin with. The reference obeys. */
    if (report->slow_start && report->now < s->measured && rate < s->rate)
        rate = s->rate;
    if (report->from_clr)
        follow_clr(s, report, rate);
    else
        chosen = hear_other(s, report, rate);
    uint64_t grtt = packet_or_grtt(s, report->grtt);
    if (s->adv_grtt < grtt)
        s->adv_grtt = grtt;
    return chosen;
}

uftp_tfmcc_silence uftp_tfmcc_sender_control(uftp_tfmcc_sender *s, uint64_t now, uint64_t grtt,
                                             unsigned robust)
{
    uint64_t silence = now - s->clr_heard;
    s->control_deadline = now + s->adv_grtt;
    if (silence <= SILENCE_GRTTS * s->adv_grtt)
        return UFTP_TFMCC_HEARD;
    s->rate /= 2;
    bound_below(s, grtt);
    if (silence > UINT64_C(2) * robust * s->adv_grtt && silence > GIVE_UP_MIN)
        return UFTP_TFMCC_ALL_SILENT;
    if (silence <= robust * s->adv_grtt)
        return UFTP_TFMCC_HEARD;
    s->clr_dropped = true;
    return UFTP_TFMCC_CLR_SILENT;
}

void uftp_tfmcc_sender_next_round(uftp_tfmcc_sender *s, uint64_t now, uint64_t grtt)
{
    if (s->clr_dropped && s->rate_next)
        s->rate = s->rate_next;
    s->clr_dropped = false;
    s->rate_next = 0;
    bound(s, grtt);
    s->adv_grtt = packet_or_grtt(s, grtt);
    s->round_deadline = now + UFTP_TFMCC_ROUND_GRTTS * s->adv_grtt;
    s->slowest = UFTP_TFMCC_RATE_ANY;
    s->round++;
}
