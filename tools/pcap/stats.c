/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "fields.h"

#include <stdlib.h>
#include <string.h>
#include <uftp/quantise.h>

/* Of one file in one session. */
typedef struct file_stats {
    struct file_stats *next;
    uint64_t first, last; /* time of its first FILEINFO or block, and of the last packet about it */
    uint64_t blocks, block_bytes; /* FILESEGs, repeated ones included */
    uint64_t statuses, naks;      /* STATUS messages, and blocks they ask for */
    uint64_t completes[4];        /* by status */
} file_stats;

typedef struct session_stats {
    struct session_stats *next;
    uint64_t bytes; /* of UDP payload */
    uint64_t aborts;
    uint64_t grtt_min, grtt_max; /* as the sender told it */
    bool grtt_seen;
} session_stats;

struct cap_stats {
    cap_map sessions, files; /* by the address of what they are about */
    session_stats *session_list;
    file_stats *file_list;
};

cap_stats *cap_stats_new(void)
{
    return calloc(1, sizeof(cap_stats));
}

void cap_stats_free(cap_stats *stats)
{
    if (!stats)
        return;
    for (session_stats *s = stats->session_list, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    for (file_stats *f = stats->file_list, *next; f; f = next) {
        next = f->next;
        free(f);
    }
    cap_map_free(&stats->sessions);
    cap_map_free(&stats->files);
    free(stats);
}

/* NULL: no memory, and the packet is left out. */
static session_stats *of_session(cap_stats *stats, const cap_session *session)
{
    session_stats *found = cap_map_get(&stats->sessions, (uintptr_t)session);
    if (found)
        return found;
    found = calloc(1, sizeof *found);
    if (!found || !cap_map_put(&stats->sessions, (uintptr_t)session, found)) {
        free(found);
        return NULL;
    }
    found->next = stats->session_list;
    stats->session_list = found;
    return found;
}

static file_stats *of_file(cap_stats *stats, const cap_file *file, uint64_t time)
{
    file_stats *found = cap_map_get(&stats->files, (uintptr_t)file);
    if (found)
        return found;
    found = calloc(1, sizeof *found);
    if (!found || !cap_map_put(&stats->files, (uintptr_t)file, found)) {
        free(found);
        return NULL;
    }
    found->first = time;
    found->next = stats->file_list;
    stats->file_list = found;
    return found;
}

static uint64_t bits_in(uftp_bytes bytes)
{
    uint64_t count = 0;
    for (size_t i = 0; i < bytes.len; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            count += bytes.data[i] >> bit & 1u;
    return count;
}

static void count_file(file_stats *f, const cap_packet *packet)
{
    const uftp_message *m = &packet->message;
    f->last = packet->time;
    if (m->type == UFTP_MESSAGE_FILESEG) {
        f->blocks++;
        f->block_bytes += m->as.fileseg.data.len;
    } else if (m->type == UFTP_MESSAGE_STATUS) {
        f->statuses++;
        f->naks += bits_in(m->as.status.naks);
    } else if (m->type == UFTP_MESSAGE_COMPLETE && m->as.complete.status < 4) {
        f->completes[m->as.complete.status]++;
    }
}

static void count_file_v3(file_stats *f, const cap_packet *packet)
{
    const uftp_v3_message *m = &packet->v3;
    f->last = packet->time;
    if (m->type == UFTP_V3_FILESEG) {
        f->blocks++;
        f->block_bytes += m->as.fileseg.data.len;
    } else if (m->type == UFTP_V3_STATUS) {
        f->statuses++;
        f->naks += bits_in(m->as.status.naks);
    } else if (m->type == UFTP_V3_COMPLETE && m->as.complete.status < 4) {
        f->completes[m->as.complete.status]++;
    }
}

void cap_stats_packet(cap_stats *stats, const cap_packet *packet)
{
    session_stats *s = packet->session ? of_session(stats, packet->session) : NULL;
    if (!s)
        return;
    s->bytes += packet->bytes.len;
    if (packet->peer && packet->peer->is_server && !packet->is_v3) {
        uint64_t grtt = uftp_grtt_expand(packet->header.grtt);
        if (!s->grtt_seen || grtt < s->grtt_min)
            s->grtt_min = grtt;
        if (!s->grtt_seen || grtt > s->grtt_max)
            s->grtt_max = grtt;
        s->grtt_seen = true;
    }
    if (packet->depth != CAP_DEPTH_MESSAGE)
        return;
    s->aborts += packet->is_v3 ? packet->v3.type == UFTP_V3_ABORT
                               : packet->message.type == UFTP_MESSAGE_ABORT;
    file_stats *f = packet->file ? of_file(stats, packet->file, packet->time) : NULL;
    if (f && packet->is_v3)
        count_file_v3(f, packet);
    else if (f)
        count_file(f, packet);
}

/* ---- output ---- */

static void write_counts(cap_writer *w, const char *name, uint8_t version,
                         const uint64_t counts[CAP_TYPES])
{
    cap_open_object(w, name);
    for (unsigned type = 0; type < CAP_TYPES; type++)
        if (counts[type])
            cap_write_number(w, cap_type_name(version, (uint8_t)type), counts[type]);
    cap_close_object(w);
}

static void write_nonzero(cap_writer *w, const char *name, uint64_t value)
{
    if (value)
        cap_write_number(w, name, value);
}

static void write_file(cap_writer *w, const cap_file *file, const file_stats *f)
{
    cap_open_object(w, NULL);
    cap_write_number(w, "file", file->id);
    cap_write_text(w, "file_type_name", cap_file_type_name(file->type));
    cap_write_name(w, "name", (uftp_bytes){(const uint8_t *)file->name, strlen(file->name)});
    cap_write_number(w, "size", file->size);
    if (file->has_layout) {
        cap_write_number(w, "blocks", file->layout.blocks);
        cap_write_number(w, "sections", file->layout.sections);
    }
    if (f) {
        cap_write_number(w, "blocks_sent", f->blocks);
        cap_write_number(w, "bytes_sent", f->block_bytes);
        cap_write_number(w, "status_messages", f->statuses);
        cap_write_number(w, "naks", f->naks);
        for (uint8_t status = 0; status < 4; status++)
            write_nonzero(w, cap_status_name(status), f->completes[status]);
        cap_write_seconds(w, "duration", f->last > f->first ? f->last - f->first : 0);
    }
    cap_close_object(w);
}

static void write_parameters(cap_writer *w, const cap_session *session)
{
    cap_write_uid(w, "server", session->server);
    cap_write_address(w, "public_address", &session->public_address);
    cap_write_address(w, "private_address", &session->private_address);
    cap_write_number(w, "block_size", session->block_size);
    if (!uftp_v3_is_version(session->version)) {
        cap_write_number(w, "robust", session->robust);
        cap_write_number(w, "cc_type", session->cc_type);
    }
    cap_write_flag(w, "sync_mode", session->sync_mode);
    cap_write_flag(w, "encryption", session->encrypted);
    if (session->encrypted) {
        cap_write_text(w, "cipher_name", cap_cipher_name(session->cipher));
        cap_write_text(w, "hash_name", cap_hash_name(session->hash));
        cap_write_flag(w, "client_auth", session->client_auth);
    }
}

static void write_peers(cap_writer *w, const cap_session *session)
{
    cap_open_list(w, "nodes");
    for (const cap_peer *peer = session->first_peer; peer; peer = peer->next) {
        cap_open_object(w, NULL);
        cap_write_uid(w, "uid", peer->uid);
        cap_write_text(w, "role", peer->is_server ? "sender" : "receiver or proxy");
        cap_write_address(w, "address", &peer->address);
        cap_write_number(w, "packets", peer->packets);
        cap_close_object(w);
    }
    cap_close_list(w);
}

static void write_session(const cap_stats *stats, cap_writer *w, const cap_session *session)
{
    const session_stats *s = cap_map_get(&stats->sessions, (uintptr_t)session);
    uint64_t duration =
        session->last_time > session->first_time ? session->last_time - session->first_time : 0;
    cap_open_object(w, NULL);
    cap_write_uid(w, "group", session->group);
    cap_write_number(w, "instance", session->instance);
    cap_write_number(w, "version", session->version);
    cap_write_seconds(w, "start", session->first_time);
    cap_write_seconds(w, "duration", duration);
    cap_write_flag(w, "announce_seen", session->announced);
    if (session->announced)
        write_parameters(w, session);
    if (s) {
        cap_write_number(w, "bytes", s->bytes);
        if (duration)
            cap_write_number(w, "bytes_per_s",
                             (uint64_t)((double)s->bytes * 1e9 / (double)duration));
        write_nonzero(w, "aborts", s->aborts);
        if (s->grtt_seen) {
            cap_write_seconds(w, "grtt_min", s->grtt_min);
            cap_write_seconds(w, "grtt_max", s->grtt_max);
        }
    }
    write_counts(w, "messages", session->version, session->counts);
    if (session->sealed) {
        write_counts(w, "decrypted", session->version, session->opened);
        write_nonzero(w, "no_key", session->no_key);
        write_nonzero(w, "no_key_fits", session->open_failed);
    }
    write_nonzero(w, "malformed", session->malformed);
    write_peers(w, session);
    cap_open_list(w, "files");
    for (const cap_file *file = session->first_file; file; file = file->next)
        write_file(w, file, cap_map_get(&stats->files, (uintptr_t)file));
    cap_close_list(w);
    cap_close_object(w);
}

void cap_stats_write(const cap_stats *stats, const cap_tracker *tracker, cap_writer *w)
{
    cap_counts counts;
    cap_tracker_counts(tracker, &counts);
    if (w->json)
        cap_open_object(w, NULL);
    cap_write_number(w, "frames", counts.frames);
    cap_write_number(w, "packets", counts.packets);
    cap_write_number(w, "other", counts.other);
    write_nonzero(w, "trains", counts.trains);
    write_nonzero(w, "fragments", counts.fragments);
    write_nonzero(w, "incomplete", counts.incomplete);
    write_nonzero(w, "damaged", counts.damaged);
    write_nonzero(w, "cut_short", counts.cut);
    write_nonzero(w, "malformed", counts.malformed);
    write_nonzero(w, "time_backwards", counts.backwards);
    write_nonzero(w, "untracked", counts.untracked);
    if (counts.sealed) {
        cap_write_number(w, "sealed", counts.sealed);
        cap_write_number(w, "decrypted", counts.opened);
        write_nonzero(w, "no_key", counts.no_key);
        write_nonzero(w, "no_key_fits", counts.open_failed);
    }
    cap_open_list(w, "sessions");
    for (const cap_session *session = cap_tracker_sessions(tracker); session;
         session = session->next)
        write_session(stats, w, session);
    cap_close_list(w);
    if (w->json)
        cap_close_object(w);
    if (w->json)
        fputc('\n', w->out);
}
