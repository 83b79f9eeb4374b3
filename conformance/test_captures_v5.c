/* SPDX-License-Identifier: MIT
 *
 * Captures of real sessions: every packet of version 5 goes through the codec and comes out the
 * same, and there are as many of each type as another dissector counted (manifest.json).
 */
#include "capture.h"
#include "reencode.h"
#include "tests/support.h"

#include <jansson.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define CAPTURES_DIR UFTP_SOURCE_DIR "/conformance/captures"
#define FOLDERS 51 /* of v5-*: one that is lost shows */

typedef struct tally {
    const char *path;
    int counts[UFTP_MESSAGE_TYPE_MAX + 1];
    int packets;
} tally;

static void count_packet(void *ctx, int frame, uint64_t at_us, const uint8_t *payload, size_t len)
{
    (void)at_us;
    tally *seen = ctx;
    if (len == 0 || payload[0] != uftp_wire_v5.version)
        return;
    uint8_t type = 0;
    const char *bad = reencode_datagram(&uftp_wire_v5, payload, len, &type);
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

static size_t pcap_files_in(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += strstr(entry->d_name, ".pcap") != NULL;
    closedir(dir);
    return count;
}

/* Returns the packets checked. */
static int check_folder(const char *name)
{
    char folder[256], path[512];
    snprintf(folder, sizeof folder, CAPTURES_DIR "/%.100s", name);
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    json_error_t error;
    json_t *manifest = json_load_file(path, 0, &error);
    if (!manifest)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    json_t *captures = json_object_get(manifest, "captures");
    assert_int_equal(json_object_size(captures), pcap_files_in(folder));
    int packets = 0;
    const char *file;
    const json_t *described;
    json_object_foreach(captures, file, described)
    {
        snprintf(path, sizeof path, "%s/%.100s", folder, file);
        tally seen = {.path = path};
        if (capture_each(path, count_packet, &seen) < 0)
            fail_msg("%s: cannot be read as a capture", path);
        check_counts(&seen, described);
        packets += seen.packets;
    }
    json_decref(manifest);
    return packets;
}

/* Breaks when a message as 5.0.1 sends it is refused, misread, or written differently. */
static void every_captured_packet_decodes_and_reencodes_to_the_same_bytes(void **state)
{
    (void)state;
    int folders = 0, packets = 0;
    DIR *dir = opendir(CAPTURES_DIR);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (strncmp(entry->d_name, "v5-", 3) != 0)
            continue;
        folders++;
        packets += check_folder(entry->d_name);
    }
    closedir(dir);
    print_message("%d folders, %d packets\n", folders, packets);
    assert_int_equal(folders, FOLDERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_captured_packet_decodes_and_reencodes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
