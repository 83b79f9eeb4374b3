/* SPDX-License-Identifier: MIT
 *
 * Every packet of every capture: each field that tshark shows is one that we read, with the same
 * value, and none is missing on either side. All captures are joined into one file, since starting
 * tshark takes longer than what it has to do. Skipped (exit status 77) where there is no tshark.
 *
 * test_tshark FILE does the same with one file of version 5.
 */
#include "input.h"
#include "tests/support.h"
#include "tracker.h"
#include "tshark_view.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures"
enum { PCAP_HEADER_LEN = 24 };

static char joined[] = "/tmp/uftp-tshark.XXXXXX";
static const char *given; /* a file in place of the captures; NULL: none */

/* ---- one capture out of all ---- */

static void append_file(FILE *out, const char *path, bool with_header)
{
    size_t len;
    char *bytes = test_read_file(path, &len);
    assert_true(bytes && len > PCAP_HEADER_LEN);
    size_t skip = with_header ? 0 : PCAP_HEADER_LEN;
    assert_int_equal(fwrite(bytes + skip, 1, len - skip, out), len - skip);
    free(bytes);
}

static int only_v5(const struct dirent *entry)
{
    return strncmp(entry->d_name, "v5-", 3) == 0;
}

static int only_pcap(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".pcap") == 0;
}

static int append_folder(FILE *out, const char *folder, bool first)
{
    struct dirent **files;
    int count = scandir(folder, &files, only_pcap, alphasort);
    for (int i = 0; i < count; i++) {
        char path[800];
        snprintf(path, sizeof path, "%s/%.200s", folder, files[i]->d_name);
        append_file(out, path, first && i == 0);
        free(files[i]);
    }
    free(files);
    return count;
}

static int join_captures(void)
{
    int fd = mkstemp(joined);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "wb");
    assert_non_null(out);
    struct dirent **folders;
    int folder_count = scandir(CAPTURES, &folders, only_v5, alphasort), files = 0;
    for (int i = 0; i < folder_count; i++) {
        char folder[500];
        snprintf(folder, sizeof folder, CAPTURES "/%.200s", folders[i]->d_name);
        files += append_folder(out, folder, files == 0);
        free(folders[i]);
    }
    free(folders);
    assert_int_equal(fclose(out), 0);
    return files;
}

static json_t *run_tshark(void)
{
    char command[600];
    snprintf(
        command, sizeof command,
        "TZ=UTC LC_ALL=C tshark -r '%.400s' -d udp.port==1044,uftp -T json --no-duplicate-keys "
        "-J 'uftp uftp5' 2>/dev/null",
        given ? given : joined);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    json_error_t error;
    json_t *packets = json_loadf(output, 0, &error);
    if (!packets)
        fail_msg("tshark's output, line %d: %s", error.line, error.text);
    pclose(output);
    return packets;
}

/* ---- comparing ---- */

typedef struct comparison {
    const cap_packet *packet;
    const view *ours;
    size_t at; /* fields compared */
} comparison;

static bool same_bytes(uftp_bytes ours, const char *theirs)
{
    for (size_t i = 0; i < ours.len; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", ours.data[i]);
        if (strncmp(theirs, hex, 2) != 0)
            return false;
        theirs += 2;
        theirs += *theirs == ':';
    }
    return *theirs == '\0';
}

static bool same_time(uint64_t us, const char *theirs)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    char day[60], whole[100];
    if (!gmtime_r(&seconds, &parts) || !strftime(day, sizeof day, "%b %e, %Y %H:%M:%S", &parts))
        return false;
    snprintf(whole, sizeof whole, "%s.%06u000 UTC", day, (unsigned)(us % 1000000));
    return strcmp(whole, theirs) == 0;
}

static bool same_value(const view_field *ours, const char *theirs)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    double difference;
    switch (ours->kind) {
    case VIEW_NUMBER:
        return strtoull(theirs, NULL, 0) == ours->number;
    case VIEW_BYTES:
        return same_bytes(ours->bytes, theirs);
    case VIEW_TEXT:
        return strlen(theirs) == ours->bytes.len &&
               memcmp(theirs, ours->bytes.data, ours->bytes.len) == 0;
    case VIEW_TIME:
        return same_time(ours->number, theirs);
    case VIEW_SPAN: /* ours is rounded to nanoseconds */
        difference = strtod(theirs, NULL) * 1e9 - (double)ours->number;
        return difference < 0.51 && difference > -0.51;
    case VIEW_ADDRESS:
        return strcmp(uftp_address_format(&ours->address, text), theirs) == 0;
    }
    return false;
}

static void compare_leaf(comparison *c, const char *name, const char *value)
{
    const char *frame = uftp_message_name(c->packet->header.type);
    int number = (int)c->packet->number;
    if (strncmp(name, "uftp5.", 6) == 0)
        name += 6;
    if (c->at == c->ours->count)
        fail_msg("frame %d, %s: tshark also shows %s = %s", number, frame, name, value);
    const view_field *ours = &c->ours->fields[c->at++];
    if (strcmp(ours->name, name) != 0)
        fail_msg("frame %d, %s: tshark shows %s = %s where we have %s", number, frame, name, value,
                 ours->name);
    if (!same_value(ours, value))
        fail_msg("frame %d, %s: %s: tshark reads %s, we %llu", number, frame, name, value,
                 (unsigned long long)ours->number);
}

static void compare_all(comparison *c, const char *name, const json_t *value);

static void compare_object(comparison *c, const json_t *object)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) compare_all(c, name, value);
}

/* What has parts is shown by them; fields of one name stand in one list. */
static void compare_all(comparison *c, const char *name, const json_t *value)
{
    size_t i;
    const json_t *item;
    if (json_is_string(value))
        compare_leaf(c, name, json_string_value(value));
    else if (json_is_object(value))
        compare_object(c, value);
    else
        json_array_foreach(value, i, item) compare_all(c, name, item);
}

/* Breaks when a field is read from a wrong place, or under another name than it has. */
static void every_field_that_tshark_shows_is_ours(void **state)
{
    (void)state;
    int files = given ? 1 : join_captures();
    json_t *packets = run_tshark();
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = given ? given : joined}, error);
    cap_tracker *tracker = cap_tracker_new(NULL);
    assert_true(input && tracker);
    cap_frame frame;
    const cap_packet *packet;
    size_t index = 0, compared = 0, fields = 0;
    static view ours;
    for (; cap_input_next(input, &frame) == CAP_NEXT_FRAME; index++) {
        const json_t *layers =
            json_object_get(json_object_get(json_array_get(packets, index), "_source"), "layers");
        const json_t *theirs = json_object_get(layers, "uftp5");
        if (!cap_tracker_take(tracker, cap_input_link(input), &frame, &packet))
            fail_msg("frame %d: not seen as UFTP", (int)index + 1);
        if (!theirs)
            fail_msg("frame %d: tshark does not see UFTP", (int)index + 1);
        view_packet(&ours, packet);
        comparison c = {.packet = packet, .ours = &ours};
        compare_object(&c, theirs);
        if (c.at != ours.count)
            fail_msg("frame %d: tshark does not show %s", (int)index + 1, ours.fields[c.at].name);
        compared++;
        fields += c.at;
    }
    assert_int_equal(index, json_array_size(packets));
    print_message("%d files, %d packets, %d fields\n", files, (int)compared, (int)fields);
    cap_tracker_free(tracker);
    cap_input_close(input);
    json_decref(packets);
    unlink(joined);
}

int main(int argc, char **argv)
{
    given = argc > 1 ? argv[1] : NULL;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        printf("skipped: no tshark\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_field_that_tshark_shows_is_ours)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(joined);
    return failed;
}
