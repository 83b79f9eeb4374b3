/* SPDX-License-Identifier: MIT */
#include "check_captures.h"

#include "capture.h"
#include "captures.h"
#include "reencode.h"
#include "tests/support.h"

typedef struct tally {
    const uftp_wire *wire;
    const char *path;
    int counts[UFTP_MESSAGE_TYPE_MAX + 1];
    int packets;
} tally;

static void count_packet(void *ctx, int frame, uint64_t at_us, const uint8_t *payload, size_t len)
{
    (void)at_us;
    tally *seen = ctx;
    if (len == 0 || payload[0] != seen->wire->version)
        return;
    uint8_t type = 0;
    const char *bad = reencode_datagram(seen->wire, payload, len, &type);
    if (bad)
        fail_msg("%s frame %d, type %u: %s", seen->path, frame, payload[1], bad);
    seen->counts[type]++;
    seen->packets++;
}

static void check_counts(const tally *seen, const json_t *manifest)
{
    const json_t *messages = json_object_get(manifest, "messages");
    size_t named = 0;
    for (int type = 1; type <= UFTP_MESSAGE_TYPE_MAX; type++) {
        const json_t *count = json_object_get(messages, uftp_message_name((uint8_t)type));
        named += count != NULL;
        if (json_integer_value(count) != seen->counts[type])
            fail_msg("%s: %d of %s, the manifest has %d", seen->path, seen->counts[type],
                     uftp_message_name((uint8_t)type), (int)json_integer_value(count));
    }
    assert_int_equal(named, json_object_size(messages)); /* no name that we do not know */
    assert_int_equal(seen->packets, json_integer_value(json_object_get(manifest, "packets")));
}

typedef struct sum {
    const uftp_wire *wire;
    int packets;
} sum;

static void check_capture(void *ctx, const char *folder, const char *path, const json_t *described)
{
    (void)folder;
    sum *all = ctx;
    tally seen = {.wire = all->wire, .path = path};
    if (capture_each(path, count_packet, &seen) < 0)
        fail_msg("%s: cannot be read as a capture", path);
    check_counts(&seen, described);
    all->packets += seen.packets;
}

void check_captures(const uftp_wire *wire, const char *prefix, int folders_expected)
{
    sum all = {.wire = wire};
    int folders = captures_each(prefix, check_capture, &all);
    print_message("%d folders, %d packets\n", folders, all.packets);
    assert_int_equal(folders, folders_expected);
}
