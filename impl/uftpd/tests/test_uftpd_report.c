/* SPDX-License-Identifier: MIT */
#include "uftpd/report.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    uftp_log *log;
    uftp_record_sink records;
    uftp_strings destinations;
    uftp_scripts *scripts;
    uftp_receiver_report *report;
    char directory[64], log_path[96], record_path[96], script[96], output[96];
} stage;

static void raise_curtain(bool temp_directory, bool move_individually)
{
    uftp_failure failure;
    static const char script[] = "#!/bin/sh\nprintf '[%s]' \"$*\" >>\"$0.out\"\n";
    memset(&stage, 0, sizeof stage);
    snprintf(stage.directory, sizeof stage.directory, "/tmp/test_report.XXXXXX");
    assert_non_null(mkdtemp(stage.directory));
    snprintf(stage.log_path, sizeof stage.log_path, "%s/log", stage.directory);
    snprintf(stage.record_path, sizeof stage.record_path, "%s/records", stage.directory);
    snprintf(stage.script, sizeof stage.script, "%s/script", stage.directory);
    snprintf(stage.output, sizeof stage.output, "%s/script.out", stage.directory);
    int fd = open(stage.script, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    assert_int_equal(write(fd, script, sizeof script - 1), (ssize_t)sizeof script - 1);
    close(fd);
    const uftp_log_config config = {.path = stage.log_path, .level = 2};
    assert_int_equal(uftp_log_open(&config, &stage.log), 0);
    assert_int_equal(uftp_record_open(&stage.records, stage.record_path, stage.log, &failure), 0);
    assert_int_equal(uftp_strings_add_list(&stage.destinations, "/one/,/two", &failure), 0);
    stage.scripts =
        uftp_scripts_create(&(uftp_scripts_config){.log = stage.log, .program = stage.script});
    assert_non_null(stage.scripts);
    stage.report = uftp_receiver_report_create(
        &(uftp_receiver_report_config){.log = stage.log,
                                       .records = &stage.records,
                                       .destinations = &stage.destinations,
                                       .scripts = stage.scripts,
                                       .temp_directory = temp_directory,
                                       .move_individually = move_individually});
    assert_non_null(stage.report);
}

static void lower_curtain(void)
{
    uftp_receiver_report_destroy(stage.report);
    uftp_scripts_destroy(stage.scripts);
    uftp_strings_free(&stage.destinations);
    uftp_record_close(&stage.records);
    uftp_log_close(stage.log);
    unlink(stage.log_path);
    unlink(stage.record_path);
    unlink(stage.script);
    unlink(stage.output);
    assert_int_equal(rmdir(stage.directory), 0);
}

/* Lines with everything up to the last of `marker` cut off the front. */
static void read_lines(const char *path, const char *marker, char *out, size_t capacity)
{
    FILE *file = fopen(path, "r");
    char line[4096];
    out[0] = '\0';
    while (file && fgets(line, sizeof line, file)) {
        const char *text = strstr(line, marker);
        size_t len = strlen(out);
        snprintf(out + len, capacity - len, "%s", text ? text + strlen(marker) : line);
    }
    if (file)
        fclose(file);
}

static void wait_for_scripts(void)
{
    while (waitpid(-1, NULL, 0) >= 0) {
    }
    assert_int_equal(errno, ECHILD);
}

static void tell(const uftp_event *event)
{
    uftp_receiver_report_event(stage.report, event);
}

#define TELL(...) tell(&(uftp_event){.group = 0x1FECB04D, __VA_ARGS__})

#define START() \
    TELL(.type = UFTP_EVENT_SESSION_STARTED, .peer = 0x0A090001, \
         .address = uftp_address_ipv4(10, 9, 0, 1, 40000))

static void a_session_reads_as_that_of_the_reference(void **state)
{
    (void)state;
    char text[4096];
    raise_curtain(false, false);
    START();
    TELL(.type = UFTP_EVENT_JOIN, .address = uftp_address_ipv4(230, 5, 5, 222, 1044));
    TELL(.type = UFTP_EVENT_SENT, .message = UFTP_MESSAGE_REGISTER);
    TELL(.type = UFTP_EVENT_RECEIVED, .message = UFTP_MESSAGE_KEYINFO);
    TELL(.type = UFTP_EVENT_FILE_STARTED, .file_id = 1, .name = "f1.bin", .size = 300000,
         .blocks = 231, .sections = 1);
    TELL(.type = UFTP_EVENT_SENT, .file_id = 1, .message = UFTP_MESSAGE_FILEINFO_ACK);
    TELL(.type = UFTP_EVENT_RECEIVED, .file_id = 1, .message = UFTP_MESSAGE_DONE);
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 1, .name = "f1.bin", .path = "f1.bin",
         .size = 300000);
    TELL(.type = UFTP_EVENT_SENT, .file_id = 1, .message = UFTP_MESSAGE_COMPLETE);
    TELL(.type = UFTP_EVENT_FILE_STARTED, .file_id = 2, .name = "l", .text = "../x",
         .file_type = UFTP_FILE_SYMLINK);
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 2, .name = "l", .path = "l",
         .file_type = UFTP_FILE_SYMLINK);
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 3, .name = "../../etc/passwd",
         .status = UFTP_COMPLETE_REJECTED, .error = UFTP_ERR_NAME);
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 4, .name = "big", .size = 1 << 30,
         .error = UFTP_ERR_NO_SPACE);
    TELL(.type = UFTP_EVENT_RECEIVED, .message = UFTP_MESSAGE_DONE);
    TELL(.type = UFTP_EVENT_SENT, .message = UFTP_MESSAGE_COMPLETE);
    TELL(.type = UFTP_EVENT_SESSION_FINISHED, .result = UFTP_RESULT_OK);
    wait_for_scripts();

    read_lines(stage.log_path, "]: ", text, sizeof text);
    assert_string_equal(text, "Received request from 0A090001 at 10.9.0.1 (10.9.0.1)\n"
                              "Using private multicast address 230.5.5.222\n"
                              "REGISTER sent\n"
                              "Received KEYINFO\n"
                              "Name of file to receive: f1.bin\n"
                              "Bytes: 300000, Blocks: 231, Sections: 1\n"
                              "FILEINFO_ACK sent\n"
                              "Got DONE message for section 0\n"
                              "File transfer complete\n"
                              "COMPLETE sent\n"
                              "Name of file to receive: l\n"
                              "Symbolic link to ../x\n"
                              "Rejecting file ../../etc/passwd: name not allowed\n"
                              "Error receiving big: no space left\n"
                              "Got DONE message for group\n"
                              "Group complete\n"
                              "COMPLETE sent\n"
                              "Group file transfer confirmed\n");
    /* A file that could not be received has no result: the session ends with it. */
    read_lines(stage.record_path, ";0A090001;1FECB04D;", text, sizeof text);
    assert_string_equal(text, "10.9.0.1;10.9.0.1\n"
                              "f1.bin;292KB;copied\n"
                              "l;0KB;copied\n"
                              "../../etc/passwd;0KB;rejected\n");
    /* Once, for the regular file. */
    read_lines(stage.output, "#", text, sizeof text);
    assert_string_equal(text, "[-I 1FECB04D /one/f1.bin]");
    lower_curtain();
}

#define ARRIVED(file_name, kind) \
    TELL(.type = UFTP_EVENT_FILE_FINISHED, .file_id = 1, .name = file_name, \
         .path = "_group_1FECB04D/" file_name, .root = UFTP_ROOT_TEMP, .file_type = kind)

/* With -T nothing stands in its place before the end of the session (spec cli 6.8). */
static void with_a_temporary_directory_the_script_runs_at_the_end(void **state)
{
    (void)state;
    char text[1024];
    for (int individually = 0; individually < 2; individually++) {
        raise_curtain(true, individually);
        START();
        ARRIVED("d/a", UFTP_FILE_REGULAR);
        ARRIVED("d/link", UFTP_FILE_SYMLINK);
        ARRIVED("e", UFTP_FILE_DIRECTORY);
        ARRIVED("gone", UFTP_FILE_DELETE);
        wait_for_scripts();
        assert_int_equal(access(stage.output, F_OK), -1);
        TELL(.type = UFTP_EVENT_SESSION_FINISHED, .result = UFTP_RESULT_OK);
        wait_for_scripts();
        read_lines(stage.output, "#", text, sizeof text);
        if (individually) { /* three at once, in no order */
            assert_non_null(strstr(text, "[-I 1FECB04D /one/d/a]"));
            assert_non_null(strstr(text, "[-I 1FECB04D /one/d/link]"));
            assert_non_null(strstr(text, "[-I 1FECB04D /one/e]"));
            assert_int_equal(strlen(text), 22 + 25 + 20);
        } else {
            assert_string_equal(text, "[-I 1FECB04D /one/d /one/e]");
        }
        lower_curtain();
    }
}

static void a_session_that_failed_runs_no_script(void **state)
{
    (void)state;
    raise_curtain(true, false);
    START();
    ARRIVED("d/a", UFTP_FILE_REGULAR);
    TELL(.type = UFTP_EVENT_SESSION_FINISHED, .result = UFTP_RESULT_FAILED, .text = "gone");
    START(); /* the same session again: nothing is left of the first */
    TELL(.type = UFTP_EVENT_SESSION_FINISHED, .result = UFTP_RESULT_OK);
    wait_for_scripts();
    assert_int_equal(access(stage.output, F_OK), -1);
    lower_curtain();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_reads_as_that_of_the_reference),
        cmocka_unit_test(with_a_temporary_directory_the_script_runs_at_the_end),
        cmocka_unit_test(a_session_that_failed_runs_no_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
