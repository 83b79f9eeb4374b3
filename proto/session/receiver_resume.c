/* SPDX-License-Identifier: MIT
 *
 * The record of a file that was being received when its session ended without success, so that a
 * later instance of the session continues it (spec v5 4.11.4). It is ours alone: the reference's
 * looks different, and neither reads the other's.
 *
 *   off size
 *     0   8  "UFTPRES" and the version, 1
 *     8   4  group ID
 *    12   2  file ID, which is in the name of the partial file
 *    14   2  block size
 *    16   8  size
 *    24   8  modification time
 *    32   2  length of the name, n
 *    34   n  name, as it was sent
 *  34+n      rows of the block map (blockmap.h); their length follows from size and block size
 */
#include "session/receiver_internal.h"

#include "wire/cursor.h"

static const uint8_t magic[8] = {'U', 'F', 'T', 'P', 'R', 'E', 'S', 1};
enum { FILE_ID_AT = 12, FIXED_LEN = 34 };
/* Notes cost no more than this, however large the file's map is. */
#define NOTE_BYTES_PER_S (UINT64_C(1) << 20)

static size_t record_len(const uftp_session *session)
{
    const uftp_receiver_file *file = &session->file;
    return FIXED_LEN + strlen(file->name) + uftp_blockmap_saved_len(&file->layout);
}

static void write_head(const uftp_session *session, uftp_writer *w)
{
    const uftp_receiver_file *file = &session->file;
    uftp_write_bytes(w, magic, sizeof magic);
    uftp_write_u32(w, session->group);
    uftp_write_u16(w, file->partial_id);
    uftp_write_u16(w, file->layout.block_size);
    uftp_write_u64(w, file->size);
    uftp_write_u64(w, file->mtime);
    uftp_write_u16(w, (uint16_t)strlen(file->name));
    uftp_write_bytes(w, (const uint8_t *)file->name, strlen(file->name));
}

typedef int (*keep_record)(void *ctx, uint32_t group, const uint8_t *data, size_t len);

static int write_record(const uftp_session *session, keep_record keep)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_receiver_file *file = &session->file;
    size_t len = record_len(session);
    uint8_t *record = uftp_alloc(receiver->config.memory, len, 1);
    if (!record)
        return UFTP_ERR_MEMORY;
    uftp_writer w = {.at = record, .end = record + len};
    write_head(session, &w);
    if (file->map.sections)
        uftp_write_bytes(&w, file->map.rows, file->map.sections * file->map.stride);
    UFTP_ASSERT(!w.failed && w.at == w.end);
    int err = keep(receiver->config.store->ctx, session->group, record, len);
    uftp_release(receiver->config.memory, record);
    return err;
}

int uftp_session_resume_save(const uftp_session *session)
{
    return write_record(session, session->receiver->config.store->resume_save);
}

/* Should the program be killed, this is what a restart continues from. Without it the file begins
 * anew, so that a failure here is none of the session's. */
void uftp_session_resume_note(uftp_session *session, uint64_t now)
{
    const uftp_receiver *receiver = session->receiver;
    keep_record note = receiver->config.store->resume_note;
    uftp_receiver_file *file = &session->file;
    UFTP_ASSERT(receiver->gather.count == 0); /* nothing is noted that is not written */
    if (!receiver->config.temp_directory || !note || now < file->note_after)
        return;
    file->note_after = now + UFTP_S(1 + record_len(session) / NOTE_BYTES_PER_S);
    (void)write_record(session, note);
}

static bool partial_exists(const uftp_session *session, uint16_t file_id)
{
    const uftp_store *store = session->receiver->config.store;
    char partial[UFTP_PARTIAL_SIZE];
    uftp_session_partial_name(session, file_id, partial, sizeof partial);
    uftp_stat stat;
    const uftp_place place = {.root = session->file.root, .name = partial};
    return store->lookup(store->ctx, &place, &stat) == UFTP_OK && stat.type == UFTP_STAT_REGULAR;
}

/* Equal heads but for the file ID mean the same file: it may have another place in the list now.
 * Another file's record differs in its head, or in its length. */
static bool apply(uftp_session *session, uint8_t *record, size_t len)
{
    uftp_receiver_file *file = &session->file;
    if (len != record_len(session))
        return false;
    uint16_t file_id = (uint16_t)(record[FILE_ID_AT] << 8 | record[FILE_ID_AT + 1]);
    uint8_t expected[FIXED_LEN + UFTP_NAME_MAX];
    uftp_writer w = {.at = expected, .end = expected + sizeof expected};
    write_head(session, &w);
    size_t head_len = (size_t)(w.at - expected);
    memcpy(record + FILE_ID_AT, expected + FILE_ID_AT, 2);
    if (memcmp(record, expected, head_len) != 0 || !partial_exists(session, file_id) ||
        uftp_blockmap_restore(&file->map, &file->layout, record + head_len) < 0)
        return false;
    file->partial_id = file_id;
    return true;
}

bool uftp_session_resume_load(uftp_session *session)
{
    const uftp_receiver *receiver = session->receiver;
    const uftp_allocator *memory = receiver->config.memory;
    const uftp_store *store = receiver->config.store;
    size_t capacity = record_len(session), len = 0;
    uint8_t *record = uftp_alloc(memory, capacity, 1);
    if (!record)
        return false; /* the file is received from its beginning */
    bool resumed =
        store->resume_load(store->ctx, session->group, record, capacity, &len) == UFTP_OK &&
        apply(session, record, len);
    uftp_release(memory, record);
    return resumed;
}
