/* SPDX-License-Identifier: MIT
 *
 * Events in, log and records out. The sender is a puppet: its three functions that the report asks
 * are defined here, so that the real one is not linked.
 */
#include "uftp/report.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct uftp_sender {
    uftp_sender_stats stats;
    uftp_client_info clients[3];
};

void uftp_sender_stats_get(const uftp_sender *sender, uftp_sender_stats *out)
{
    *out = sender->stats;
}

void uftp_sender_client_get(const uftp_sender *sender, uint32_t index, uftp_client_info *out)
{
    assert_true(index < sender->stats.clients);
    *out = sender->clients[index];
}

static struct {
    uftp_sender sender;
    uftp_log *log;
    uftp_record_sink records;
    uftp_report *report;
    char log_path[64], record_path[64];
} stage;

static void make_file(char path[64])
{
    snprintf(path, 64, "/tmp/test_report.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void raise_curtain(int level, bool closed)
{
    uftp_failure failure;
    memset(&stage, 0, sizeof stage);
    make_file(stage.log_path);
    make_file(stage.record_path);
    const uftp_log_config config = {.path = stage.log_path, .level = level};
    assert_int_equal(uftp_log_open(&config, &stage.log), 0);
    assert_int_equal(uftp_record_open(&stage.records, stage.record_path, stage.log, &failure), 0);
    stage.report = uftp_report_create(&(uftp_report_config){
        .sender = &stage.sender, .log = stage.log, .records = &stage.records, .closed = closed});
    assert_non_null(stage.report);
}

static void lower_curtain(void)
{
    uftp_report_destroy(stage.report);
    uftp_record_close(&stage.records);
    uftp_log_close(stage.log);
    unlink(stage.log_path);
    unlink(stage.record_path);
}

/* A file's lines without the time stamp and the session in front of a log line. */
static void read_lines(const char *path, char *out, size_t capacity)
{
    FILE *file = fopen(path, "r");
    char line[4096];
    out[0] = '\0';
    while (fgets(line, sizeof line, file)) {
        const char *text = line;
        const char *stamp = strchr(line, '.');
        if (stamp && strlen(line) > 28 && line[4] == '/' && line[26] == ':')
            text = line + 28;
        const char *subject = strstr(text, "]: ");
        if (text[0] == '[' && subject)
            text = subject + 3;
        size_t len = strlen(out);
        snprintf(out + len, capacity - len, "%s", text);
    }
    fclose(file);
}

#define EXPECT_FILE(path, expected) \
    do { \
        char text[8192]; \
        read_lines(path, text, sizeof text); \
        assert_string_equal(text, expected); \
    } while (0)

static void tell(const uftp_event *event)
{
    uftp_report_event(stage.report, event);
}

#define TELL(...) tell(&(uftp_event){.group = 0x1FECB04D, __VA_ARGS__})

/* Two clients and one that never comes; the second file is rejected by one of them. When a
 * FILE_FINISHED is told, the sender's view of the clients is already that of the next file. */
static void a_session_reads_as_that_of_the_reference(void **state)
{
    (void)state;
    raise_curtain(2, true);
    uftp_sender *s = &stage.sender;
    s->stats.clients = 3;
    s->clients[0] = (uftp_client_info){.uid = 2, .name = "10.9.0.2", .state = UFTP_CLIENT_ACTIVE};
    s->clients[1] =
        (uftp_client_info){.uid = 0xEE, .name = "0x0A0900EE", .state = UFTP_CLIENT_MUTE};
    s->clients[2] = (uftp_client_info){.uid = 3, .name = "10.9.0.3", .state = UFTP_CLIENT_ACTIVE};

    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_ANNOUNCE);
    TELL(.type = UFTP_EVENT_SESSION_STARTED, .address = uftp_address_ipv4(230, 5, 5, 222, 1044));
    TELL(.type = UFTP_EVENT_SENT, .message = UFTP_MESSAGE_ANNOUNCE, .attempt = 1, .packet = 1);
    TELL(.type = UFTP_EVENT_CLIENT_REGISTERED, .peer = 2, .name = "10.9.0.2");
    TELL(.type = UFTP_EVENT_RECEIVED, .message = UFTP_MESSAGE_KEYINFO_ACK, .name = "10.9.0.2");
    s->stats.phase = UFTP_SENDER_FILEINFO;
    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_FILEINFO);
    TELL(.type = UFTP_EVENT_FILE_STARTED, .file_id = 1, .name = "f1.bin", .path = "dir/f1.bin",
         .size = 300000, .blocks = 231, .sections = 1);
    TELL(.type = UFTP_EVENT_SENT, .message = UFTP_MESSAGE_FILEINFO, .attempt = 1, .packet = 1);
    TELL(.type = UFTP_EVENT_RECEIVED, .message = UFTP_MESSAGE_FILEINFO_ACK, .name = "10.9.0.2");
    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_TRANSFER);
    TELL(.type = UFTP_EVENT_FILE_PASS, .file_id = 1, .pass = 1);
    TELL(.type = UFTP_EVENT_FILE_SECTION, .file_id = 1);
    TELL(.type = UFTP_EVENT_CLIENT_NAKS, .file_id = 1, .name = "10.9.0.3", .count = 1163);
    TELL(.type = UFTP_EVENT_CLIENT_COMPLETE, .file_id = 1, .peer = 2, .name = "10.9.0.2");
    TELL(.type = UFTP_EVENT_RECEIVED, .file_id = 1, .message = UFTP_MESSAGE_COMPLETE,
         .repeated = true, .name = "10.9.0.2");
    s->clients[0].copied = s->clients[2].overwritten = 1;
    s->clients[0].bytes = s->clients[2].bytes = 300000;
    s->clients[0].time = UFTP_MS(100);
    s->clients[2].time = UFTP_MS(125);
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 1, .name = "f1.bin", .size = 300000);

    TELL(.type = UFTP_EVENT_FILE_STARTED, .file_id = 2, .name = ".",
         .file_type = UFTP_FILE_FREE_SPACE);
    TELL(.type = UFTP_EVENT_CLIENT_COMPLETE, .file_id = 2, .peer = 3, .name = "10.9.0.3",
         .has_free_space = true, .free_space = 5);
    TELL(.type = UFTP_EVENT_CLIENT_COMPLETE, .file_id = 2, .peer = 2, .name = "10.9.0.2",
         .status = UFTP_COMPLETE_REJECTED);
    s->clients[0].rejected = 1;
    s->clients[2].skipped = 1;
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 2, .name = ".");
    TELL(.type = UFTP_EVENT_FILE_SKIPPED, .name = "gone", .text = "no such file or directory");
    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_COMPLETION);
    TELL(.type = UFTP_EVENT_CLIENT_COMPLETE, .name = "10.9.0.2", .status = UFTP_COMPLETE_SKIPPED);
    TELL(.type = UFTP_EVENT_SENT, .message = UFTP_MESSAGE_DONE_CONF, .attempt = 2, .packet = 1);
    TELL(.type = UFTP_EVENT_SESSION_FINISHED, .result = UFTP_RESULT_OK);

    EXPECT_FILE(stage.log_path,
                "Using private multicast address 230.5.5.222  Group ID: 1FECB04D\n"
                "Initializing group\n"
                "Sending ANNOUNCE 1.1\n"
                "Received REGISTER from client 10.9.0.2\n"
                "Received KEYINFO_ACK from 10.9.0.2\n"
                "----- dir/f1.bin -----\n"
                "File ID: 0001  Name: dir/f1.bin\n"
                "  sending as: f1.bin\n"
                "Bytes: 300000  Blocks: 231  Sections: 1\n"
                "Sending FILEINFO 1.1\n"
                "Received FILEINFO_ACK from client 10.9.0.2\n"
                "Sending file\n"
                "Starting pass 1\n"
                "Sending section 0\n"
                "Got 1163 NAKs for section 0 from client 10.9.0.3\n"
                "Got COMPLETE from client 10.9.0.2\n"
                "Got COMPLETE+ from client 10.9.0.2\n"
                "Transfer status:\n"
                "Host: 10.9.0.2         Status: Completed   time:   0.100 seconds\n"
                "Host: 0x0A0900EE       Status: Mute\n"
                "Host: 10.9.0.3         Status: Completed(overwritten)   time:   0.125 seconds\n"
                "Total elapsed time: 0.125 seconds\n"
                "Overall throughput: 2343.75 KB/s\n"
                "----- . -----\n"
                "File ID: 0002  Name: .\n"
                "  sending as: .\n"
                "Free disk space query\n"
                "Got COMPLETE from client 10.9.0.3\n"
                "Got COMPLETE(rejected) from client 10.9.0.2\n"
                "Transfer status:\n"
                "Host: 10.9.0.2         Status: Rejected\n"
                "Host: 0x0A0900EE       Status: Mute\n"
                "Host: 10.9.0.3         Status: Skipped\n"
                "  Free space on host: 5 bytes\n"
                "Total elapsed time: 0.000 seconds\n"
                "Overall throughput: 0.00 KB/s\n"
                "Skipping gone: no such file or directory\n"
                "-----------------------------\n"
                "Finishing group\n"
                "Got COMPLETE from client 10.9.0.2\n"
                "Sending DONE_CONF 2.1\n"
                "Group complete\n");
    EXPECT_FILE(stage.record_path, "CONNECT;success;10.9.0.2\n"
                                   "CONNECT;failed;0x0A0900EE\n"
                                   "CONNECT;success;10.9.0.3\n"
                                   "RESULT;10.9.0.2;f1.bin;292KB;copy;2929.69KB/s\n"
                                   "RESULT;0x0A0900EE;f1.bin;292KB;mute;\n"
                                   "RESULT;10.9.0.3;f1.bin;292KB;overwritten;2343.75KB/s\n"
                                   "RESULT;10.9.0.2;.;0KB;rejected;\n"
                                   "RESULT;0x0A0900EE;.;0KB;mute;\n"
                                   "RESULT;10.9.0.3;.;0KB;skipped;\n"
                                   "FREESPACE;.;5\n"
                                   "HSTATS;target;copy;overwrite;skip;totalMB;time;speedKB/s\n"
                                   "STATS;10.9.0.2;1;0;0;0MB;0.100;2929.69KB/s\n"
                                   "STATS;0x0A0900EE;0;0;0;0MB;0.000;0.00KB/s\n"
                                   "STATS;10.9.0.3;0;1;1;0MB;0.125;2343.75KB/s\n");
    lower_curtain();
}

/* Exit 6 and 9: the file's results are written, the sums are not; one line for an abort of all. */
static void a_session_that_dies_in_a_file_has_results_and_no_sums(void **state)
{
    (void)state;
    raise_curtain(2, false);
    uftp_sender *s = &stage.sender;
    s->stats.clients = 2;
    s->clients[0] = (uftp_client_info){.uid = 2, .name = "0x00000002", .state = UFTP_CLIENT_ACTIVE};
    s->clients[1] = (uftp_client_info){.uid = 3, .name = "0x00000003", .state = UFTP_CLIENT_ACTIVE};
    s->stats.phase = UFTP_SENDER_FILEINFO;
    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_FILEINFO);
    TELL(.type = UFTP_EVENT_FILE_STARTED, .file_id = 1, .name = "f", .size = 5000);
    s->stats.phase = UFTP_SENDER_ENDED;
    s->stats.result = UFTP_RESULT_INTERRUPTED;
    for (int i = 0; i < 2; i++) {
        s->clients[i].state = UFTP_CLIENT_ABORTED;
        TELL(.type = UFTP_EVENT_CLIENT_ABORTED, .peer = s->clients[i].uid,
             .name = s->clients[i].name, .text = "Server quit, aborting all");
    }
    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_ENDED);
    TELL(.type = UFTP_EVENT_SESSION_FINISHED, .result = UFTP_RESULT_INTERRUPTED);
    EXPECT_FILE(stage.log_path, "----- f -----\n"
                                "File ID: 0001  Name: f\n"
                                "  sending as: f\n"
                                "Bytes: 5000  Blocks: 0  Sections: 0\n"
                                "Aborting all clients: Server quit, aborting all\n"
                                "Transfer status:\n"
                                "Host: 0x00000002       Status: Aborted\n"
                                "Host: 0x00000003       Status: Aborted\n"
                                "Total elapsed time: 0.000 seconds\n"
                                "Overall throughput: 0.00 KB/s\n");
    EXPECT_FILE(stage.record_path, "CONNECT;success;0x00000002\n"
                                   "CONNECT;success;0x00000003\n"
                                   "RESULT;0x00000002;f;4KB;aborted;\n"
                                   "RESULT;0x00000003;f;4KB;aborted;\n");
    lower_curtain();
}

/* -x 0 is for cron: silent when all is well, one line per failure otherwise (spec cli 8.2). */
static void level_0_tells_failures_only(void **state)
{
    (void)state;
    raise_curtain(0, false);
    uftp_sender *s = &stage.sender;
    s->stats.clients = 2;
    s->clients[0] = (uftp_client_info){.uid = 2, .name = "0x00000002", .state = UFTP_CLIENT_ACTIVE};
    s->clients[1] = (uftp_client_info){.uid = 3, .name = "0x00000003", .state = UFTP_CLIENT_LOST};
    s->stats.phase = UFTP_SENDER_FILEINFO;
    TELL(.type = UFTP_EVENT_PHASE, .phase = UFTP_SENDER_FILEINFO);
    TELL(.type = UFTP_EVENT_FILE_STARTED, .file_id = 1, .name = "f");
    s->clients[0].copied = 1;
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 1, .name = "f");
    EXPECT_FILE(stage.log_path, "0x00000003      Lost connection\n");
    lower_curtain();
}

/* An ABORT of a client is told once, not also as the state it leads to. */
static void an_abort_is_told_once(void **state)
{
    (void)state;
    raise_curtain(2, false);
    TELL(.type = UFTP_EVENT_ABORT, .peer = 2, .name = "0x00000002", .repeated = true,
         .text = "Client shutting down");
    TELL(.type = UFTP_EVENT_CLIENT_ABORTED, .peer = 2, .name = "0x00000002",
         .text = "Client shutting down");
    TELL(.type = UFTP_EVENT_CLIENT_ABORTED, .peer = 3, .name = "0x00000003",
         .text = "Max passes exceeded");
    TELL(.type = UFTP_EVENT_CLIENT_REFUSED, .peer = 2,
         .address = uftp_address_ipv4(10, 9, 0, 7, 1044),
         .text = "another receiver with the same UID");
    EXPECT_FILE(stage.log_path,
                "Transfer aborted by 0x00000002: Client shutting down\n"
                "Aborting client 0x00000003: Max passes exceeded\n"
                "Refused client 0x00000002 at 10.9.0.7:1044: another receiver with the same UID\n");
    lower_curtain();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_reads_as_that_of_the_reference),
        cmocka_unit_test(a_session_that_dies_in_a_file_has_results_and_no_sums),
        cmocka_unit_test(level_0_tells_failures_only),
        cmocka_unit_test(an_abort_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
