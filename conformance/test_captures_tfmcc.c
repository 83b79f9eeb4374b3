/* SPDX-License-Identifier: MIT
 *
 * What receivers of 5.0.1 reported under congestion control, against what ours computes from the
 * same packets at the same times.
 */
#include "capture.h"
#include "tests/support.h"
#include "transfer/tfmcc_receiver.h"

#include <uftp/quantise.h>
#include <uftp/wire.h>

#include <inttypes.h>
#include <stdio.h>

#define SENDER 0x0a4d0001 /* in all of these captures */
#define CAPTURES_DIR UFTP_SOURCE_DIR "/conformance/captures"

typedef struct listener {
    const char *path;
    uint32_t uid; /* of the receiver that is listened in on */
    uftp_tfmcc_receiver tfmcc;
    uint64_t grtt;
    unsigned reports, same;
} listener;

static void hear_sender(listener *l, uint64_t at_us, const uftp_header *header, size_t len)
{
    if (l->grtt == 0)
        uftp_tfmcc_receiver_init(&l->tfmcc, 1360); /* plain, blocks of 1300 bytes, IPv4 */
    l->grtt = uftp_grtt_expand(header->grtt);
    uftp_loss_history_add(&l->tfmcc.history, &(uftp_loss_packet){.seq = header->seq,
                                                                 .at = at_us * 1000,
                                                                 .bytes = (uint32_t)len + 28,
                                                                 .grtt = l->grtt,
                                                                 .rtt = l->grtt});
}

static void compare_report(listener *l, int frame, const uftp_tfmcc_ack *ack)
{
    uint64_t theirs = uftp_rate_expand(ack->cc_rate);
    uint64_t ours = uftp_tfmcc_receiver_rate(&l->tfmcc, l->grtt);
    if (!(ack->flags & UFTP_TFMCC_START))
        return;
    if (!l->tfmcc.history.slow_start)
        fail_msg("%s frame %d: a loss where 5.0.1 saw none", l->path, frame);
    l->reports++;
    l->same += ack->cc_rate == uftp_rate_quantise(ours);
    if (ours * 10 > theirs * 11 || theirs * 10 > ours * 11)
        fail_msg("%s frame %d: they report %" PRIu64 ", we compute %" PRIu64, l->path, frame,
                 theirs, ours);
}

static void visit(void *ctx, int frame, uint64_t at_us, const uint8_t *payload, size_t len)
{
    listener *l = ctx;
    uftp_reader reader = {.at = payload, .end = payload + len};
    uftp_header header;
    uftp_message message;
    if (uftp_wire_v5.header_read(&reader, &header) < 0 ||
        uftp_wire_v5.message_read(&reader, &message) < 0)
        return;
    if (header.source == l->uid && header.type == UFTP_MESSAGE_CC_ACK)
        compare_report(l, frame, &message.as.cc_ack.tfmcc);
    else if (header.source == l->uid && header.type == UFTP_MESSAGE_STATUS &&
             message.as.status.has_tfmcc)
        compare_report(l, frame, &message.as.status.tfmcc);
    else if (header.source == SENDER)
        hear_sender(l, at_us, &header, len);
}

/* Rates before the first loss: twice what came in within four GRTTs, every byte on the wire counted
 * and no packet taken for lost. The same to the byte where it is clear which packets lie within;
 * at most one packet off where the fourth GRTT ends with one, since the capture's clock is not the
 * receiver's. (What follows a loss is not comparable: the first interval is another, and the round
 * trip is not smoothed from zero.) */
static void slow_start_reports_of_5_0_1_are_what_we_would_say(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        uint32_t uid;
        unsigned reports, same_min;
    } cases[] = {{"v5-tfmcc/session.pcap", 0x0a4d000b, 2, 0},
                 {"v5-tfmcc/session.pcap", 0x0a4d000c, 20, 6},
                 {"v5-tfmcc-loss5/session.pcap", 0x0a4d000b, 18, 6}}; /* r1 loses nothing */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static listener l; /* some 9 kB */
        l = (listener){.path = cases[i].path, .uid = cases[i].uid};
        char path[300];
        snprintf(path, sizeof path, CAPTURES_DIR "/%s", l.path);
        assert_true(capture_each(path, visit, &l) > 0);
        print_message("    %s: %u reports, %u the same\n", l.path, l.reports, l.same);
        assert_int_equal(l.reports, cases[i].reports);
        assert_true(l.same >= cases[i].same_min);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_start_reports_of_5_0_1_are_what_we_would_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
