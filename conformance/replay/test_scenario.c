/* SPDX-License-Identifier: MIT
 *
 * One scenario of captures/ through the reader of uftp-pcap: every packet is recognised and read,
 * every encrypted one opens, no rule is broken, and the files that come out are those that the
 * receivers got.
 *
 *     test_scenario FOLDER
 */
#include "check.h"
#include "extract.h"
#include "golden.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

static const char *folder;

typedef struct reading {
    char path[600];
    cap_keylog keylog;
    cap_tracker *tracker;
    cap_check *check;
    sim_store store;
    cap_extract *extract;
    cap_extract_result result;
    uint64_t outer[CAP_TYPES], inner[CAP_TYPES]; /* packets by type, in and outside ENCRYPTED */
} reading;

static void read_all(reading *r)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = r->path}, error);
    if (!input)
        fail_msg("%s", error);
    cap_frame frame;
    cap_next next;
    while ((next = cap_input_next(input, &frame)) == CAP_NEXT_FRAME) {
        const cap_packet *packet;
        if (!cap_tracker_take(r->tracker, cap_input_link(input), &frame, &packet))
            continue;
        r->outer[packet->header.type]++;
        if (packet->sealed && packet->depth == CAP_DEPTH_MESSAGE)
            r->inner[packet->message.type]++;
        cap_check_packet(r->check, packet);
        cap_extract_packet(r->extract, packet);
    }
    assert_int_equal(next, CAP_NEXT_END);
    cap_input_close(input);
    cap_extract_finish(r->extract, NULL, &r->result);
}

static void reading_open(reading *r, const char *file)
{
    *r = (reading){0};
    snprintf(r->path, sizeof r->path, "%s/%s", folder, file);
    golden_keylog(folder, &r->keylog);
    sim_store_init(&r->store, NULL);
    r->tracker = cap_tracker_new(&r->keylog);
    r->check = cap_check_new();
    r->extract = cap_extract_new(&r->store.core);
    assert_true(r->tracker && r->check && r->extract);
    read_all(r);
}

static void reading_close(reading *r)
{
    cap_extract_free(r->extract);
    cap_check_free(r->check);
    cap_tracker_free(r->tracker);
    cap_keylog_free(&r->keylog);
    sim_store_free(&r->store);
}

/* ---- the manifest ---- */

static void compare_counts(const reading *r, const uint64_t counts[CAP_TYPES],
                           const json_t *described, const char *what)
{
    for (unsigned type = 1; type < CAP_TYPES; type++) {
        const char *name = uftp_message_name((uint8_t)type);
        json_int_t wanted = json_integer_value(json_object_get(described, name));
        if ((json_int_t)counts[type] != wanted)
            fail_msg("%s: %d %s %s, the manifest says %d", r->path, (int)counts[type], what, name,
                     (int)wanted);
    }
}

static void check_counts(const reading *r, const json_t *described)
{
    cap_counts counts;
    cap_tracker_counts(r->tracker, &counts);
    assert_int_equal(counts.packets, json_integer_value(json_object_get(described, "packets")));
    compare_counts(r, r->outer, json_object_get(described, "messages"), "outer");
    compare_counts(r, r->inner, json_object_get(described, "decrypted"), "encrypted");
    assert_int_equal(counts.damaged + counts.cut + counts.malformed + counts.incomplete +
                         counts.backwards + counts.untracked,
                     0);
    assert_int_equal(counts.no_key + counts.open_failed, 0);
}

static void check_rules(const reading *r)
{
    if (cap_check_broken(r->check) == 0)
        return;
    cap_writer w = {.out = stdout, .first = true};
    cap_check_write(r->check, &w);
    fail_msg("%s: rules are broken", r->path);
}

/* ---- files ---- */

/* A sender that ran twice has two instances of one group, and one folder. */
static sim_entry *find_extracted(reading *r, const char *path)
{
    for (const cap_session *s = cap_tracker_sessions(r->tracker); s; s = s->next) {
        char name[400];
        snprintf(name, sizeof name, "%08X/%.380s", (unsigned)s->group, path);
        sim_entry *entry = sim_store_find(&r->store, 0, name);
        if (entry)
            return entry;
    }
    return NULL;
}

/* What lay there before the session did not come through the network. */
static bool was_there(const json_t *before, const json_t *object)
{
    size_t i;
    const json_t *old;
    json_array_foreach(before, i, old) if (json_equal(old, object)) return true;
    return false;
}

static int check_receiver(reading *r, const json_t *expected)
{
    size_t i;
    const json_t *object;
    int checked = 0;
    json_array_foreach(json_object_get(expected, "files"), i, object)
    {
        if (was_there(json_object_get(expected, "files_before"), object))
            continue;
        golden_compare(find_extracted(r, golden_text(object, "path")), object);
        checked++;
    }
    return checked;
}

/* at-NODE.pcap holds what NODE got; the others hold everything. */
static int check_files(reading *r, const char *file, const json_t *manifest)
{
    const char *node;
    const json_t *expected;
    int checked = 0;
    json_object_foreach(json_object_get(manifest, "expected"), node, expected)
    {
        char own[80];
        snprintf(own, sizeof own, "at-%.60s.pcap", node);
        if (strncmp(file, "at-", 3) != 0 || strcmp(file, own) == 0)
            checked += check_receiver(r, expected);
    }
    return checked;
}

/* Breaks when a packet is overlooked, misread or not opened, when a rule sees a fault where there
 * is none, or when a byte of a file goes astray. */
static void the_scenario_reads_opens_checks_and_extracts(void **state)
{
    (void)state;
    json_t *manifest = golden_manifest(folder);
    const char *file;
    const json_t *described;
    json_object_foreach(json_object_get(manifest, "captures"), file, described)
    {
        reading r;
        reading_open(&r, file);
        check_counts(&r, described);
        check_rules(&r);
        int checked = check_files(&r, file, manifest);
        cap_counts counts;
        cap_tracker_counts(r.tracker, &counts);
        print_message("%s: %d packets, %d opened, %d files compared\n", file, (int)counts.packets,
                      (int)counts.opened, checked);
        reading_close(&r);
    }
    json_decref(manifest);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_scenario FOLDER\n");
        return 2;
    }
    folder = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scenario_reads_opens_checks_and_extracts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
