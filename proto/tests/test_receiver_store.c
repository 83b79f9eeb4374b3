/* SPDX-License-Identifier: MIT
 *
 * What becomes of objects: names, existing files, sync, preview, delete, links, the temporary
 * directory and restarts (spec v5 4.11).
 */
#include "receiver_bench.h"

#include <string.h>

#define GROUP 0x3d30c238u
#define FOLDER "_group_3D30C238"

static receiver_bench b;
static rx_peer peer;
static uint16_t next_id;

static void open_bench(void)
{
    rx_init(&b);
    rx_peer_init(&peer, GROUP);
    next_id = 1;
}

static void begin(void)
{
    rx_start(&b);
    rx_join(&b, &peer);
}

static void begin_default(void)
{
    open_bench();
    begin();
}

static void close_bench(void)
{
    rx_peer_free(&peer);
    rx_close(&b);
}

static uftp_message info(uint8_t type, const char *name)
{
    uftp_message message = rx_msg_fileinfo(&peer, next_id++, name, 0);
    message.as.fileinfo.file_type = type;
    message.as.fileinfo.mtime = 0;
    return message;
}

/* Sends a FILEINFO that is answered at once; the status of the COMPLETE. */
static unsigned answer_to(uftp_message message)
{
    rx_clear(&b);
    rx_hear(&b, &peer, &message);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_FILEINFO_ACK), 0);
    const rx_said *said = rx_said_last(&b, UFTP_MESSAGE_COMPLETE);
    assert_int_equal(said->message.as.complete.clients.count, 0); /* trap 33 */
    return said->message.as.complete.status;
}

static unsigned object(uint8_t type, const char *name)
{
    return answer_to(info(type, name));
}

static unsigned regular(const char *name)
{
    return answer_to(rx_msg_fileinfo(&peer, next_id++, name, 600));
}

static void receive(const char *name, uint64_t size)
{
    rx_file(&b, &peer, next_id++, name, size);
}

static unsigned last_status(void)
{
    return rx_said_last(&b, UFTP_MESSAGE_COMPLETE)->message.as.complete.status;
}

static memory_entry *find(const char *name)
{
    return memory_store_find(&b.files, 0, name);
}

static void bad_names_are_rejected_and_the_session_goes_on(void **state)
{
    (void)state;
    static const char *const bad[] = {"../x",        "a/../../x", "a..b/../../x", "..",
                                      "/etc/passwd", "/srv/one",  "/srv/oneself", "/srv/one/../x",
                                      ".",           "/",         "a\\..\\x"};
    begin_default();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (uint8_t type = UFTP_FILE_REGULAR; type <= UFTP_FILE_DELETE; type++) {
            uftp_message message = info(type, bad[i]);
            message.as.fileinfo.size = 100;
            message.as.fileinfo.link = (uftp_bytes){(const uint8_t *)"x", 1};
            assert_int_equal(answer_to(message), UFTP_COMPLETE_REJECTED);
            assert_int_equal(b.last[UFTP_EVENT_FILE_FINISHED].error, UFTP_ERR_NAME);
        }
    assert_int_equal(b.files.changes, 0);
    receive("good", 100);
    close_bench();
}

static void absolute_names_go_to_the_destination_they_name(void **state)
{
    (void)state;
    begin_default();
    receive("/srv/two/a/file", 600);
    assert_non_null(memory_store_find(&b.files, 1, "a/file"));
    assert_int_equal(b.last[UFTP_EVENT_FILE_FINISHED].root, 1);
    assert_string_equal(b.path[UFTP_EVENT_FILE_FINISHED], "a/file");
    receive("/srv/one/x", 600);
    assert_non_null(find("x"));
    close_bench();
}

/* trap 38: a name that fills its words has no NUL; 300 bytes is the longest there is. */
static void trap_38_names_of_full_words_and_too_long_ones(void **state)
{
    (void)state;
    begin_default();
    receive("abcd", 10);
    assert_non_null(find("abcd"));
    char name[301];
    memset(name, 'n', sizeof name - 1);
    name[300] = '\0';
    assert_int_equal(regular(name), UFTP_COMPLETE_REJECTED); /* component of 300 */
    for (size_t i = 50; i < 300; i += 50)
        name[i] = '/';
    assert_int_equal(regular(name), UFTP_COMPLETE_REJECTED); /* 300 with the destination */
    name[280] = '\0';
    receive(name, 10);
    close_bench();
}

static void nothing_stands_under_the_final_name_before_it_is_whole(void **state)
{
    (void)state;
    begin_default();
    memory_store_put(&b.files, 0, "file", "old", 3, 5);
    rx_open(&b, &peer, 1, "file", 1024);
    rx_block(&b, &peer, 1, 0, 0, 1024);
    assert_int_equal(find("file")->len, 3); /* the old one stays until then */
    assert_non_null(find("file.~uftp-3D30C238-0001"));
    uftp_message gone = rx_msg_abort(0, "gone");
    rx_hear(&b, &peer, &gone);
    assert_int_equal(find("file")->len, 3);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_REGULAR), 1);
    close_bench();
}

static void a_directory_in_the_way_of_a_file_is_removed_at_the_end(void **state)
{
    (void)state;
    begin_default();
    memory_store_put(&b.files, 0, "file/below", "x", 1, 0);
    receive("file", 600);
    assert_int_equal(find("file")->type, UFTP_STAT_REGULAR);
    assert_null(find("file/below"));
    close_bench();
}

static void parents_are_made_and_files_among_them_replaced(void **state)
{
    (void)state;
    begin_default();
    memory_store_put(&b.files, 0, "a/b", "x", 1, 0);
    receive("a/b/c/file", 600);
    assert_int_equal(find("a/b")->type, UFTP_STAT_DIRECTORY);
    assert_non_null(find("a/b/c/file"));
    close_bench();
}

/* trap 62: a link on the way is neither followed nor destroyed, whatever is sent. */
static void trap_62_a_link_on_the_way_rejects_the_object(void **state)
{
    (void)state;
    begin_default();
    memory_store_put_type(&b.files, 0, "link", UFTP_STAT_SYMLINK);
    assert_int_equal(regular("link/file"), UFTP_COMPLETE_REJECTED);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "link/dir"), UFTP_COMPLETE_REJECTED);
    assert_int_equal(object(UFTP_FILE_DELETE, "link/gone"), UFTP_COMPLETE_REJECTED);
    uftp_message message = info(UFTP_FILE_SYMLINK, "link/link");
    message.as.fileinfo.link = (uftp_bytes){(const uint8_t *)"x", 1};
    assert_int_equal(answer_to(message), UFTP_COMPLETE_REJECTED);
    assert_int_equal(find("link")->type, UFTP_STAT_SYMLINK);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_REGULAR), 0);
    close_bench();
}

static void a_file_replaces_a_link_of_its_name(void **state)
{
    (void)state;
    begin_default();
    memory_store_put_type(&b.files, 0, "file", UFTP_STAT_SYMLINK);
    receive("file", 600);
    assert_int_equal(find("file")->type, UFTP_STAT_REGULAR);
    close_bench();
}

/* trap 39: no time is set where the sender gave none. */
static void trap_39_the_time_is_taken_over_unless_it_is_zero(void **state)
{
    (void)state;
    begin_default();
    uftp_message message = rx_msg_fileinfo(&peer, 1, "file", 0);
    message.as.fileinfo.mtime = (UINT64_C(1) << 40) + 7;
    rx_hear(&b, &peer, &message);
    uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&b, &peer, &done);
    assert_int_equal(find("file")->mtime, (UINT64_C(1) << 40) + 7);
    close_bench();
}

static void directories_are_made_once(void **state)
{
    (void)state;
    begin_default();
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "a/dir"), UFTP_COMPLETE_NORMAL);
    assert_int_equal(find("a/dir")->type, UFTP_STAT_DIRECTORY);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "a/dir"), UFTP_COMPLETE_SKIPPED);
    memory_store_put(&b.files, 0, "file", "x", 1, 0);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "file"), UFTP_COMPLETE_NORMAL);
    assert_int_equal(find("file")->type, UFTP_STAT_DIRECTORY);
    b.files.mkdir_error = UFTP_ERR_ACCESS;
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "other"), UFTP_COMPLETE_REJECTED);
    close_bench();
}

static void links_are_made_and_replace_what_was_there(void **state)
{
    (void)state;
    begin_default();
    memory_store_put(&b.files, 0, "dir/below", "x", 1, 0);
    uftp_message message = info(UFTP_FILE_SYMLINK, "dir");
    message.as.fileinfo.link = (uftp_bytes){(const uint8_t *)"/anywhere", 9};
    assert_int_equal(answer_to(message), UFTP_COMPLETE_NORMAL);
    assert_int_equal(find("dir")->type, UFTP_STAT_SYMLINK);
    assert_string_equal(find("dir")->target, "/anywhere");
    assert_null(find("dir/below"));
    assert_int_equal(object(UFTP_FILE_SYMLINK, "empty"), UFTP_COMPLETE_REJECTED); /* no target */
    b.files.move_error = UFTP_ERR_ACCESS;
    message.as.fileinfo.file_id = next_id++;
    assert_int_equal(answer_to(message), UFTP_COMPLETE_REJECTED);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_SYMLINK), 1); /* no litter */
    close_bench();
}

static void deletes_are_carried_out_or_refused(void **state)
{
    (void)state;
    open_bench();
    begin();
    memory_store_put(&b.files, 0, "dir/file", "x", 1, 0);
    assert_int_equal(object(UFTP_FILE_DELETE, "dir"), UFTP_COMPLETE_NORMAL);
    assert_null(find("dir"));
    assert_null(find("dir/file"));
    assert_int_equal(object(UFTP_FILE_DELETE, "no/such"), UFTP_COMPLETE_NORMAL);
    assert_null(find("no")); /* nothing is made on the way to nothing */
    close_bench();

    open_bench();
    b.config.refuse_delete = true;
    begin();
    memory_store_put(&b.files, 0, "file", "x", 1, 0);
    assert_int_equal(object(UFTP_FILE_DELETE, "file"), UFTP_COMPLETE_REJECTED);
    assert_non_null(find("file"));
    close_bench();
}

static void free_space_is_told(void **state)
{
    (void)state;
    begin_default();
    b.files.free_bytes = 123456789;
    assert_int_equal(object(UFTP_FILE_FREE_SPACE, "."), UFTP_COMPLETE_NORMAL);
    const uftp_complete *complete = &rx_said_last(&b, UFTP_MESSAGE_COMPLETE)->message.as.complete;
    assert_true(complete->has_free_space);
    assert_int_equal(complete->free_space, 123456789);
    b.files.free_space_error = UFTP_ERR_IO;
    object(UFTP_FILE_FREE_SPACE, ".");
    complete = &rx_said_last(&b, UFTP_MESSAGE_COMPLETE)->message.as.complete;
    assert_int_equal(complete->free_space, (UINT64_C(1) << 63) - 1);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "d"), UFTP_COMPLETE_NORMAL);
    complete = &rx_said_last(&b, UFTP_MESSAGE_COMPLETE)->message.as.complete;
    assert_false(complete->has_free_space); /* only when asked */
    close_bench();
}

static void expect_abort(const char *text)
{
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1);
    assert_string_equal(b.text[UFTP_EVENT_ABORT], text);
    assert_int_equal(rx_stats(&b).sessions, 0);
    assert_int_equal(b.events[UFTP_EVENT_FILE_STARTED], 1);
    assert_int_equal(b.events[UFTP_EVENT_FILE_FINISHED], 1);
    close_bench();
}

static void a_file_larger_than_the_disk_ends_the_session(void **state)
{
    (void)state;
    begin_default();
    b.files.free_bytes = 599;
    uftp_message message = rx_msg_fileinfo(&peer, 1, "file", 600);
    rx_hear(&b, &peer, &message);
    expect_abort("Not enough disk space");
}

static void an_unknown_file_type_ends_the_session(void **state)
{
    (void)state;
    begin_default();
    uftp_message message = info(5, "file");
    rx_hear(&b, &peer, &message);
    expect_abort("Invalid file type");
}

/* The map of a file follows from a size that anyone may claim. */
static void a_file_with_too_many_sections_is_rejected(void **state)
{
    (void)state;
    begin_default();
    b.files.free_bytes = UINT64_MAX;
    uftp_message message = rx_msg_fileinfo(&peer, 1, "huge", (UINT64_C(1) << 48) - 1);
    assert_int_equal(answer_to(message), UFTP_COMPLETE_REJECTED);
    close_bench();
}

static void what_cannot_be_opened_or_committed_is_rejected(void **state)
{
    (void)state;
    begin_default();
    b.files.create_error = UFTP_ERR_ACCESS;
    assert_int_equal(regular("file"), UFTP_COMPLETE_REJECTED);
    assert_int_equal(b.last[UFTP_EVENT_FILE_FINISHED].error, UFTP_ERR_ACCESS);
    b.files.create_error = 0;
    b.files.commit_error = UFTP_ERR_ACCESS;
    receive("file", 600);
    assert_int_equal(last_status(), UFTP_COMPLETE_REJECTED);
    assert_int_equal(memory_store_count(&b.files, UFTP_STAT_REGULAR), 0);
    b.files.commit_error = 0;
    receive("file", 600);
    assert_int_equal(last_status(), UFTP_COMPLETE_NORMAL);
    close_bench();
}

static void what_is_replaced_or_deleted_is_backed_up(void **state)
{
    (void)state;
    open_bench();
    b.config.backup = true;
    b.files.has_backup = true;
    begin();
    memory_store_put(&b.files, 0, "a/file", "old", 3, 0);
    memory_store_put(&b.files, 0, "gone", "x", 1, 0);
    receive("a/file", 600);
    assert_int_equal(find("a/file")->len, 600);
    assert_int_equal(memory_store_find(&b.files, 3, "backup/file")->len, 3);
    assert_in_range(b.files.backup_wall_us, b.config.wall_us, b.config.wall_us + 1000000);
    assert_int_equal(object(UFTP_FILE_DELETE, "gone"), UFTP_COMPLETE_NORMAL);
    assert_non_null(memory_store_find(&b.files, 3, "backup/gone"));
    /* The reference goes on when a backup fails, and loses the file. */
    b.files.backup_error = UFTP_ERR_IO;
    assert_int_equal(object(UFTP_FILE_DELETE, "a/file"), UFTP_COMPLETE_REJECTED);
    assert_non_null(find("a/file"));
    close_bench();
}

/* ---- sync ---- */

static void sync_compares_time_and_size(void **state)
{
    (void)state;
    static const struct {
        uint64_t there_mtime;
        size_t there_len;
        int status; /* of the COMPLETE at once, -1: received */
    } table[] = {{1600000001, 600, UFTP_COMPLETE_SKIPPED},
                 {1600000001, 5, UFTP_COMPLETE_SKIPPED},
                 {1600000000, 600, UFTP_COMPLETE_SKIPPED},
                 {1600000000, 599, -1},
                 {1599999999, 600, -1}};
    for (int preview = 0; preview < 2; preview++) {
        open_bench();
        peer.sync_mode = true;
        peer.sync_preview = preview == 1;
        begin();
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            static uint8_t old[600];
            char name[] = "file0";
            name[4] = (char)('0' + i);
            memory_store_put(&b.files, 0, name, old, table[i].there_len, table[i].there_mtime);
            if (table[i].status >= 0) {
                assert_int_equal(regular(name), table[i].status);
                assert_int_equal(find(name)->mtime, table[i].there_mtime);
            } else if (preview) {
                assert_int_equal(regular(name), UFTP_COMPLETE_OVERWRITE);
                assert_int_equal(find(name)->mtime, table[i].there_mtime);
            } else {
                receive(name, 600);
                assert_int_equal(last_status(), UFTP_COMPLETE_OVERWRITE);
                assert_int_equal(find(name)->mtime, 1600000000);
            }
        }
        if (preview)
            assert_int_equal(regular("new"), UFTP_COMPLETE_NORMAL);
        else
            receive("new", 600);
        close_bench();
    }
}

static void a_preview_changes_nothing(void **state)
{
    (void)state;
    open_bench();
    peer.sync_preview = true;
    begin();
    memory_store_put(&b.files, 0, "file", "x", 1, 5);
    memory_store_put_type(&b.files, 0, "dir", UFTP_STAT_DIRECTORY);
    b.files.changes = 0;
    assert_int_equal(regular("a/new"), UFTP_COMPLETE_NORMAL);
    assert_int_equal(regular("file"), UFTP_COMPLETE_OVERWRITE);
    assert_int_equal(regular("file/below"), UFTP_COMPLETE_NORMAL);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "new"), UFTP_COMPLETE_NORMAL);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "file"), UFTP_COMPLETE_NORMAL);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "dir"), UFTP_COMPLETE_SKIPPED);
    assert_int_equal(object(UFTP_FILE_DELETE, "file"), UFTP_COMPLETE_NORMAL);
    uftp_message message = info(UFTP_FILE_SYMLINK, "file");
    message.as.fileinfo.link = (uftp_bytes){(const uint8_t *)"x", 1};
    assert_int_equal(answer_to(message), UFTP_COMPLETE_NORMAL);
    assert_int_equal(b.files.changes, 0);
    close_bench();
}

/* ---- the temporary directory ---- */

static void open_temp(void)
{
    open_bench();
    b.config.temp_directory = true;
}

static memory_entry *find_temp(const char *name)
{
    return memory_store_find(&b.files, UFTP_ROOT_TEMP, name);
}

static void a_session_is_moved_to_its_destination_at_its_end(void **state)
{
    (void)state;
    open_temp();
    begin();
    memory_store_put(&b.files, 0, "dir/old", "x", 1, 0);
    memory_store_put(&b.files, UFTP_ROOT_TEMP, FOLDER "/stale", "x", 1, 0);
    assert_int_equal(regular("/srv/one/absolute"), UFTP_COMPLETE_REJECTED);
    receive("dir/one", 600);
    receive("dir/two", 600);
    receive("three", 600);
    assert_non_null(find_temp(FOLDER "/dir/one"));
    assert_null(find_temp(FOLDER "/stale")); /* of an older session of that number */
    assert_null(find("dir/one"));
    assert_int_equal(b.last[UFTP_EVENT_FILE_FINISHED].root, UFTP_ROOT_TEMP);
    const uftp_message done = rx_msg_done(0, 0, true);
    rx_clear(&b);
    rx_hear(&b, &peer, &done); /* the sender knows that we are through: so we are */
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 1);
    assert_non_null(find("dir/one"));
    assert_null(find_temp(FOLDER));
    rx_end(&b, &peer);
    assert_int_equal(b.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_OK);
    assert_non_null(find("dir/one"));
    assert_non_null(find("dir/two"));
    assert_non_null(find("three"));
    assert_null(find("dir/old")); /* top-level entries replace what was there */
    assert_null(find_temp(FOLDER));
    close_bench();
}

static void moving_individually_merges_directories(void **state)
{
    (void)state;
    open_temp();
    b.config.move_individually = true;
    begin();
    memory_store_put(&b.files, 0, "dir/old", "x", 1, 0);
    memory_store_put(&b.files, 0, "dir/one", "x", 1, 0);
    receive("dir/one", 600);
    receive("dir/sub/two", 600);
    assert_int_equal(object(UFTP_FILE_DIRECTORY, "dir/empty"), UFTP_COMPLETE_NORMAL);
    rx_end(&b, &peer);
    assert_int_equal(find("dir/one")->len, 600);
    assert_non_null(find("dir/sub/two"));
    assert_non_null(find("dir/empty"));
    assert_non_null(find("dir/old"));
    assert_null(find_temp(FOLDER));
    close_bench();
}

static void a_move_that_fails_is_told_and_loses_nothing(void **state)
{
    (void)state;
    open_temp();
    begin();
    receive("file", 600);
    b.files.move_error = UFTP_ERR_ACCESS;
    const uftp_message done = rx_msg_done(0, 0, true);
    rx_clear(&b);
    rx_hear(&b, &peer, &done);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_COMPLETE), 0);
    assert_int_equal(rx_said_count(&b, UFTP_MESSAGE_ABORT), 1); /* the sender may try again */
    assert_int_equal(b.last[UFTP_EVENT_SESSION_FINISHED].result, UFTP_RESULT_FAILED);
    assert_non_null(find_temp(FOLDER "/file"));
    close_bench();
}

/* Interrupted in its second file, resumed by the next instance: the first is not sent again, the
 * second only where it has gaps. */
static void a_later_instance_continues_where_the_earlier_one_stopped(void **state)
{
    (void)state;
    open_temp();
    begin();
    receive("first", 600);
    rx_open(&b, &peer, 2, "second", 10 * 512);
    for (uint16_t i = 0; i < 10; i += 2)
        rx_block(&b, &peer, 2, 0, i, 10 * 512);
    uftp_message gone = rx_msg_abort(0, "interrupted");
    rx_hear(&b, &peer, &gone);
    assert_non_null(b.files.record);
    assert_non_null(find_temp(FOLDER "/second.~uftp-3D30C238-0002"));

    peer.instance = 1;
    rx_clear(&b);
    rx_join(&b, &peer);
    uftp_message first = rx_msg_fileinfo(&peer, 1, "first", 600);
    assert_int_equal(answer_to(first), UFTP_COMPLETE_NORMAL);
    rx_clear(&b);
    uftp_message second = rx_msg_fileinfo(&peer, 7, "second", 10 * 512); /* another number now */
    rx_hear(&b, &peer, &second);
    assert_true(rx_said_last(&b, UFTP_MESSAGE_FILEINFO_ACK)->message.as.fileinfo_ack.partial);
    rx_clear(&b);
    uftp_message done = rx_msg_done(7, 0, true);
    rx_hear(&b, &peer, &done); /* trap 57: before any data, and answered at once */
    const uftp_status *status = &rx_said_last(&b, UFTP_MESSAGE_STATUS)->message.as.status;
    const uint8_t odd[2] = {0xaa, 0x02};
    assert_memory_equal(status->naks.data, odd, 2);
    for (uint16_t i = 1; i < 10; i += 2)
        rx_block(&b, &peer, 7, 0, i, 10 * 512);
    rx_hear(&b, &peer, &done);
    rx_end(&b, &peer);
    const memory_entry *file = find("second");
    assert_int_equal(file->len, 10 * 512);
    for (size_t i = 0; i < file->len; i++)
        assert_int_equal(file->data[i], rx_content(i));
    assert_non_null(find("first"));
    assert_null(b.files.record);
    assert_null(find_temp(FOLDER));
    close_bench();
}

/* A program that is killed has no time to save anything: what it has is noted while it receives,
 * when a section is over, but not so often that notes would be a burden. */
static void what_is_there_is_noted_while_a_file_is_received(void **state)
{
    (void)state;
    open_temp();
    begin();
    rx_open(&b, &peer, 1, "file", 10 * 512);
    rx_block(&b, &peer, 1, 0, 3, 10 * 512);
    assert_null(b.files.record);
    uftp_message done = rx_msg_done(1, 0, true);
    rx_hear(&b, &peer, &done);
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_non_null(b.files.record);
    const size_t rows = b.files.record_len - 2;
    assert_int_equal(b.files.record[rows], 0xf7); /* all but block 3 are missing */
    assert_int_equal(b.files.record[rows + 1], 0x03);
    rx_block(&b, &peer, 1, 0, 0, 10 * 512);
    rx_hear(&b, &peer, &done);
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.files.record[rows], 0xf7); /* too soon */
    rx_advance(&b, UFTP_MS(900));
    rx_block(&b, &peer, 1, 0, 1, 10 * 512);
    rx_hear(&b, &peer, &done);
    rx_advance(&b, RX_GRTT + UFTP_MS(5));
    assert_int_equal(b.files.record[rows], 0xf4);
    assert_int_equal(rx_stats(&b).sessions, 1); /* and it goes on */
    close_bench();
}

/* A record that does not fit, was damaged, or has lost its file is worth nothing. */
static void a_record_that_cannot_be_trusted_is_not_used(void **state)
{
    (void)state;
    for (int damage = 0; damage < 7; damage++) {
        open_temp();
        begin();
        rx_open(&b, &peer, 1, "file", 10 * 512);
        rx_block(&b, &peer, 1, 0, 3, 10 * 512);
        uftp_message gone = rx_msg_abort(0, "interrupted");
        rx_hear(&b, &peer, &gone);
        uftp_message again = rx_msg_fileinfo(&peer, 1, "file", 10 * 512);
        switch (damage) {
        case 0:
            b.files.record[0] ^= 1;
            break;
        case 1:
            b.files.record[b.files.record_len - 1] |= 0x80; /* a block that does not exist */
            break;
        case 2:
            b.files.record_len--;
            break;
        case 3:
            again.as.fileinfo.mtime++; /* the source has changed */
            break;
        case 4:
            again.as.fileinfo.size += 512;
            break;
        case 5:
            again.as.fileinfo.name = (uftp_bytes){(const uint8_t *)"fila", 4};
            break;
        case 6:
            find_temp(FOLDER "/file.~uftp-3D30C238-0001")->type = UFTP_STAT_DIRECTORY;
            break;
        }
        peer.instance = 1;
        rx_join(&b, &peer);
        rx_hear(&b, &peer, &again);
        assert_false(rx_said_last(&b, UFTP_MESSAGE_FILEINFO_ACK)->message.as.fileinfo_ack.partial);
        uftp_session_info session;
        uftp_receiver_session_get(b.receiver, 0, &session);
        assert_int_equal(session.blocks_missing, session.blocks);
        close_bench();
    }
}

/* The earlier instance still runs when the later one is confirmed; a forged ANNOUNCE ends nothing.
 */
static void a_confirmed_later_instance_ends_the_earlier_one(void **state)
{
    (void)state;
    open_temp();
    begin();
    rx_open(&b, &peer, 1, "file", 2048);
    rx_block(&b, &peer, 1, 0, 1, 2048);
    peer.instance = 1;
    rx_announce(&b, &peer);
    assert_int_equal(rx_stats(&b).sessions, 2);
    uftp_message conf = rx_msg_reg_conf(true);
    rx_hear(&b, &peer, &conf);
    assert_int_equal(rx_stats(&b).sessions, 1);
    rx_clear(&b);
    uftp_message again = rx_msg_fileinfo(&peer, 1, "file", 2048);
    rx_hear(&b, &peer, &again);
    assert_true(rx_said_last(&b, UFTP_MESSAGE_FILEINFO_ACK)->message.as.fileinfo_ack.partial);
    close_bench();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_names_are_rejected_and_the_session_goes_on),
        cmocka_unit_test(absolute_names_go_to_the_destination_they_name),
        cmocka_unit_test(trap_38_names_of_full_words_and_too_long_ones),
        cmocka_unit_test(nothing_stands_under_the_final_name_before_it_is_whole),
        cmocka_unit_test(a_directory_in_the_way_of_a_file_is_removed_at_the_end),
        cmocka_unit_test(parents_are_made_and_files_among_them_replaced),
        cmocka_unit_test(trap_62_a_link_on_the_way_rejects_the_object),
        cmocka_unit_test(a_file_replaces_a_link_of_its_name),
        cmocka_unit_test(trap_39_the_time_is_taken_over_unless_it_is_zero),
        cmocka_unit_test(directories_are_made_once),
        cmocka_unit_test(links_are_made_and_replace_what_was_there),
        cmocka_unit_test(deletes_are_carried_out_or_refused),
        cmocka_unit_test(free_space_is_told),
        cmocka_unit_test(a_file_larger_than_the_disk_ends_the_session),
        cmocka_unit_test(an_unknown_file_type_ends_the_session),
        cmocka_unit_test(a_file_with_too_many_sections_is_rejected),
        cmocka_unit_test(what_cannot_be_opened_or_committed_is_rejected),
        cmocka_unit_test(what_is_replaced_or_deleted_is_backed_up),
        cmocka_unit_test(sync_compares_time_and_size),
        cmocka_unit_test(a_preview_changes_nothing),
        cmocka_unit_test(a_session_is_moved_to_its_destination_at_its_end),
        cmocka_unit_test(moving_individually_merges_directories),
        cmocka_unit_test(a_move_that_fails_is_told_and_loses_nothing),
        cmocka_unit_test(a_later_instance_continues_where_the_earlier_one_stopped),
        cmocka_unit_test(what_is_there_is_noted_while_a_file_is_received),
        cmocka_unit_test(a_record_that_cannot_be_trusted_is_not_used),
        cmocka_unit_test(a_confirmed_later_instance_ends_the_earlier_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
