/* SPDX-License-Identifier: MIT
 *
 * Every packet of every capture: each field that tshark shows is one that we read, with the same
 * value, and none is missing on either side. All captures of a version are joined into one file,
 * since starting tshark takes longer than what it has to do. What is inside encrypted packets is
 * compared, too: tshark does not decrypt them, so that they are written into a file of their own
 * as they would look in clear. Of version 3, of which there are no captures, written sessions and
 * the vectors are compared. Skipped (exit status 77) where there is no tshark.
 *
 * test_tshark FILE does the same with one file of version 5.
 */
#include "golden.h"
#include "input.h"
#include "tests/support.h"
#include "tracker.h"
#include "tshark_view.h"
#include "v3_session.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CAPTURES UFTP_SOURCE_DIR "/conformance/captures"
#define VECTORS_V3 UFTP_SOURCE_DIR "/conformance/vectors/v3-synthetic.txt"
enum { PCAP_HEADER_LEN = 24, PCAP_LINK_RAW = 101 };

static char joined[32], opened[32];
static const char *given; /* a file in place of the captures; NULL: none */

static FILE *make_file(char path[32])
{
    snprintf(path, 32, "/tmp/uftp-tshark.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    return file;
}

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

static int only_v4(const struct dirent *entry)
{
    return strncmp(entry->d_name, "v4-", 3) == 0;
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

/* And all their secrets in one log. */
static int join_captures(int (*only)(const struct dirent *entry), cap_keylog *log)
{
    FILE *out = make_file(joined);
    struct dirent **folders;
    int folder_count = scandir(CAPTURES, &folders, only, alphasort), files = 0;
    for (int i = 0; i < folder_count; i++) {
        char folder[500];
        snprintf(folder, sizeof folder, CAPTURES "/%.200s", folders[i]->d_name);
        files += append_folder(out, folder, files == 0);
        golden_keylog(folder, log);
        free(folders[i]);
    }
    free(folders);
    assert_int_equal(fclose(out), 0);
    return files;
}

/* ---- captures that are written ---- */

static void put_host(uint8_t *at, uint32_t value) /* in the byte order of this machine */
{
    memcpy(at, &value, sizeof value);
}

static FILE *start_pcap(char path[32])
{
    uint8_t header[PCAP_HEADER_LEN] = {0};
    const uint16_t version[2] = {2, 4};
    FILE *out = make_file(path);
    put_host(header, 0xa1b2c3d4);
    memcpy(header + 4, version, sizeof version);
    put_host(header + 16, 65535);
    put_host(header + 20, PCAP_LINK_RAW);
    assert_int_equal(fwrite(header, 1, sizeof header, out), sizeof header);
    return out;
}

static void append_frame(FILE *out, const uint8_t *frame, size_t len)
{
    uint8_t record[16] = {0};
    put_host(record + 8, (uint32_t)len);
    put_host(record + 12, (uint32_t)len);
    assert_int_equal(fwrite(record, 1, sizeof record, out), sizeof record);
    assert_int_equal(fwrite(frame, 1, len, out), len);
}

/* The packet as it would look if its session were in clear. */
static void append_opened(FILE *out, const cap_packet *packet)
{
    static uint8_t frame[UFTP_DATAGRAM_MAX + 44];
    size_t len = 44 + packet->plain.len;
    memset(frame, 0, 44);
    frame[0] = 0x45;
    frame[2] = (uint8_t)(len >> 8);
    frame[3] = (uint8_t)len;
    frame[8] = 64;
    frame[9] = 17;
    frame[22] = 1044 >> 8;
    frame[23] = 1044 & 0xff;
    frame[24] = (uint8_t)((len - 20) >> 8);
    frame[25] = (uint8_t)(len - 20);
    memcpy(frame + 28, packet->bytes.data, 16);
    frame[29] = packet->message.type;
    memcpy(frame + 44, packet->plain.data, packet->plain.len);
    append_frame(out, frame, len);
}

static size_t write_opened(const cap_keylog *log)
{
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = joined}, error);
    cap_tracker *tracker = cap_tracker_new(log);
    assert_true(input && tracker);
    FILE *out = start_pcap(opened);
    cap_frame frame;
    const cap_packet *packet;
    size_t count = 0;
    while (cap_input_next(input, &frame) == CAP_NEXT_FRAME) {
        if (!cap_tracker_take(tracker, CAP_LINK_ETHERNET, &frame, &packet) || !packet->sealed)
            continue;
        assert_int_equal(packet->depth, CAP_DEPTH_MESSAGE);
        append_opened(out, packet);
        count++;
    }
    assert_int_equal(fclose(out), 0);
    cap_tracker_free(tracker);
    cap_input_close(input);
    return count;
}

static void append_session(FILE *out, const v3_session *session)
{
    for (size_t i = 0; i < session->count; i++)
        append_frame(out, session->bytes[i], session->len[i]);
}

/* The vectors are whole datagrams: IP and UDP around them. */
static size_t append_vectors(FILE *out)
{
    size_t len, count = 0;
    char *text = test_read_file(VECTORS_V3, &len);
    assert_non_null(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        static uint8_t frame[UFTP_DATAGRAM_MAX + 28] = {0x45};
        const char *hex = strstr(line, " = ");
        if (!hex)
            continue;
        len = 28 + test_unhex(hex + 3, frame + 28, UFTP_DATAGRAM_MAX);
        frame[2] = (uint8_t)(len >> 8);
        frame[3] = (uint8_t)len;
        frame[8] = 64;
        frame[9] = 17;
        frame[22] = 1044 >> 8;
        frame[23] = 1044 & 0xff;
        frame[24] = (uint8_t)((len - 20) >> 8);
        frame[25] = (uint8_t)(len - 20);
        append_frame(out, frame, len);
        count++;
    }
    free(text);
    return count;
}

static json_t *run_tshark(const char *path)
{
    char command[600];
    snprintf(
        command, sizeof command,
        "TZ=UTC LC_ALL=C tshark -r '%.400s' -d udp.port==1044,uftp -d udp.port==9044,uftp -T json "
        "--no-duplicate-keys -J 'uftp uftp4 uftp5' 2>/dev/null",
        path);
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
    const char *layer; /* "uftp4" */
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

/* `shift`: as tshark shows microseconds that it takes for nanoseconds. */
static bool same_time(uint64_t us, bool shift, const char *theirs)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    char day[60], whole[100];
    if (!gmtime_r(&seconds, &parts) || !strftime(day, sizeof day, "%b %e, %Y %H:%M:%S", &parts))
        return false;
    unsigned fraction = (unsigned)(us % 1000000);
    snprintf(whole, sizeof whole, "%s.%09u UTC", day, shift ? fraction : 1000 * fraction);
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
    case VIEW_TIME_SHIFT:
        return same_time(ours->number, ours->kind == VIEW_TIME_SHIFT, theirs);
    case VIEW_SPAN: /* ours is rounded to nanoseconds */
        difference = strtod(theirs, NULL) * 1e9 - (double)ours->number;
        return difference < 0.51 && difference > -0.51;
    case VIEW_ADDRESS:
        return strcmp(uftp_address_format(&ours->address, text), theirs) == 0;
    }
    return false;
}

static bool is_link_v3(const cap_packet *packet)
{
    return packet->is_v3 && packet->v3.type == UFTP_V3_FILEINFO &&
           packet->v3.as.fileinfo.file_type == UFTP_FILE_SYMLINK;
}

static void compare_leaf(comparison *c, const char *name, const char *value)
{
    const char *frame = cap_type_name(c->packet->header.version, c->packet->header.type);
    int number = (int)c->packet->number;
    size_t len = strlen(c->layer);
    /* Remarks on version 3's names of links, behind whose NUL the target stands. */
    if (strncmp(name, "_ws.", 4) == 0 && is_link_v3(c->packet))
        return;
    if (strncmp(name, c->layer, len) == 0 && name[len] == '.')
        name += len + 1;
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

typedef struct sums {
    size_t packets, fields;
} sums;

static sums compare_capture(const char *path, const char *layer)
{
    json_t *packets = run_tshark(path);
    char error[CAP_INPUT_ERROR_MAX] = "";
    cap_input *input = cap_input_open(&(cap_input_config){.path = path}, error);
    cap_tracker *tracker = cap_tracker_new(NULL);
    assert_true(input && tracker);
    cap_frame frame;
    const cap_packet *packet;
    sums sum = {0};
    static view ours;
    for (; cap_input_next(input, &frame) == CAP_NEXT_FRAME; sum.packets++) {
        const json_t *layers = json_object_get(
            json_object_get(json_array_get(packets, sum.packets), "_source"), "layers");
        const json_t *theirs = json_object_get(layers, layer);
        if (!cap_tracker_take(tracker, cap_input_link(input), &frame, &packet))
            fail_msg("frame %d: not seen as UFTP", (int)sum.packets + 1);
        if (!theirs)
            fail_msg("frame %d: tshark does not see %s", (int)sum.packets + 1, layer);
        view_packet(&ours, packet);
        comparison c = {.layer = layer, .packet = packet, .ours = &ours};
        compare_object(&c, theirs);
        if (c.at != ours.count)
            fail_msg("frame %d: tshark does not show %s", (int)sum.packets + 1,
                     ours.fields[c.at].name);
        sum.fields += c.at;
    }
    assert_int_equal(sum.packets, json_array_size(packets));
    cap_tracker_free(tracker);
    cap_input_close(input);
    json_decref(packets);
    if (path != given)
        unlink(path);
    return sum;
}

static void compare_version(int (*only)(const struct dirent *entry), const char *layer)
{
    cap_keylog log = {0};
    int files = join_captures(only, &log);
    size_t count = write_opened(&log);
    sums outside = compare_capture(joined, layer), inside = compare_capture(opened, layer);
    print_message("%s: %d files, %zu packets, %zu fields; %zu packets opened, %zu fields\n", layer,
                  files, outside.packets, outside.fields, inside.packets, inside.fields);
    assert_true(files > 50 && outside.packets > 5000 && count > 1900);
    assert_int_equal(inside.packets, count);
    cap_keylog_free(&log);
}

/* Breaks when a field is read from a wrong place, or under another name than it has. */
static void every_field_that_tshark_shows_is_ours_v5(void **state)
{
    (void)state;
    compare_version(only_v5, "uftp5");
}

static void every_field_that_tshark_shows_is_ours_v4(void **state)
{
    (void)state;
    compare_version(only_v4, "uftp4");
}

static void every_field_that_tshark_shows_is_ours_v3(void **state)
{
    (void)state;
    static v3_session session;
    FILE *out = start_pcap(joined);
    size_t vectors = append_vectors(out);
    v3_session_plain(&session, 0x30);
    append_session(out, &session);
    v3_session_plain(&session, 0x31);
    append_session(out, &session);
    v3_session_sealed(&session);
    append_session(out, &session);
    assert_int_equal(fclose(out), 0);
    sums sum = compare_capture(joined, "uftp");
    print_message("uftp: %zu packets, %zu fields\n", sum.packets, sum.fields);
    assert_int_equal(vectors, 23);
    assert_true(sum.packets > 900);
}

static void every_field_that_tshark_shows_is_ours_given(void **state)
{
    (void)state;
    sums sum = compare_capture(given, "uftp5");
    print_message("%s: %zu packets, %zu fields\n", given, sum.packets, sum.fields);
    assert_true(sum.packets > 0);
}

int main(int argc, char **argv)
{
    given = argc > 1 ? argv[1] : NULL;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        printf("skipped: no tshark\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_that_tshark_shows_is_ours_v5),
        cmocka_unit_test(every_field_that_tshark_shows_is_ours_v4),
        cmocka_unit_test(every_field_that_tshark_shows_is_ours_v3),
    };
    const struct CMUnitTest one[] = {cmocka_unit_test(every_field_that_tshark_shows_is_ours_given)};
    int failed =
        given ? cmocka_run_group_tests(one, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
    unlink(joined);
    unlink(opened);
    return failed;
}
