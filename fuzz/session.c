/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "crypto/secret.h"
#include "crypto/sign.h"
#include "fuzz.h"

#include <string.h>

#define LINE_MAX 64       /* datagrams on their way in one direction; more are lost */
#define DATAGRAM_MAX 2048 /* a block of 512 bytes, or the headers of a handshake */
#define TURNS_MAX 20000
#define SENDER_UID 1
#define RECEIVER_UID 2

/* ---- seals that always fit ---- */

bool __wrap_uftp_secret_equal(const void *a, const void *b, size_t len);
int __wrap_uftp_verify(uftp_bytes public_key, uint8_t hash, const uint8_t *digest,
                       uftp_bytes signature);

bool __wrap_uftp_secret_equal(const void *a, const void *b, size_t len)
{
    (void)a;
    (void)b;
    (void)len;
    return true;
}

int __wrap_uftp_verify(uftp_bytes public_key, uint8_t hash, const uint8_t *digest,
                       uftp_bytes signature)
{
    (void)hash;
    (void)digest;
    (void)signature;
    return uftp_public_key_check(public_key); /* a stranger's key is read all the same */
}

/* ---- memory and chance ---- */

static size_t live;

static void *take(void *ctx, size_t size)
{
    (void)ctx;
    live++;
    return malloc(size ? size : 1);
}

static void give_back(void *ctx, void *bytes)
{
    (void)ctx;
    live--;
    free(bytes);
}

static void fill(void *ctx, size_t len, uint8_t *out)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        out[i] = (uint8_t)(*state >> 56);
    }
}

static const uftp_allocator memory = {.alloc = take, .release = give_back};

const uftp_key *fuzz_key(uftp_key_type type)
{
    static uftp_key *keys[2];
    uftp_key **key = &keys[type == UFTP_KEY_RSA];
    if (!*key) {
        uint64_t state = 1;
        const uftp_random random = {.fill = fill, .ctx = &state};
        const uftp_key_spec spec = {
            .type = type, .bits = UFTP_RSA_BITS_MIN, .curve = UFTP_CURVE_SECP256R1};
        FUZZ_CHECK(uftp_key_generate(&memory, &random, &spec, key) == UFTP_OK);
    }
    return *key;
}

/* ---- one file, there and here ---- */

struct uftp_source_file {
    uint32_t size;
};

struct uftp_store_file {
    uint64_t size;
    uint64_t wrong; /* bytes that are not the source's */
    uint64_t written;
};

typedef struct world {
    uint64_t now;
    uint64_t chance;
    uftp_random random;
    uint32_t file_size;
    uint32_t files_open;
    bool arrived; /* the file, whole and as it was sent */
    bool disturbed;
    bool finished;
    uftp_sender *sender;
    uftp_receiver *receiver;
    struct line {
        unsigned first, count;
        size_t len[LINE_MAX];
        uint8_t bytes[LINE_MAX][DATAGRAM_MAX];
    } lines[2]; /* to the receiver, to the sender */
} world;

static uint8_t content(uint64_t offset)
{
    return (uint8_t)(offset * 7 + offset / 256);
}

static int source_stat(void *ctx, const char *path, bool follow, uftp_stat *out)
{
    const world *w = ctx;
    (void)path;
    (void)follow;
    *out = (uftp_stat){.type = UFTP_STAT_REGULAR, .size = w->file_size, .mtime = 1700000000};
    return UFTP_OK;
}

static int source_open(void *ctx, const char *path, bool follow, uftp_source_file **out)
{
    world *w = ctx;
    (void)path;
    (void)follow;
    *out = take(NULL, sizeof **out);
    (*out)->size = w->file_size;
    return UFTP_OK;
}

static int source_read(void *ctx, uftp_source_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < slices[i].len; j++, offset++) {
            FUZZ_CHECK(offset < file->size);
            slices[i].data[j] = content(offset);
        }
    return UFTP_OK;
}

static void source_close(void *ctx, uftp_source_file *file)
{
    (void)ctx;
    give_back(NULL, file);
}

static int store_lookup(void *ctx, const uftp_place *place, uftp_stat *out)
{
    (void)ctx;
    (void)out;
    FUZZ_CHECK(!strstr(place->name, "..") || strlen(place->name) > 2);
    return UFTP_ERR_NOT_FOUND;
}

static int store_create(void *ctx, const uftp_place *place, uint64_t size, bool keep,
                        uftp_store_file **out)
{
    world *w = ctx;
    (void)place;
    (void)keep;
    *out = take(NULL, sizeof **out);
    **out = (struct uftp_store_file){.size = size};
    w->files_open++;
    return UFTP_OK;
}

/* Never beyond the end that was announced. */
static int store_write(void *ctx, uftp_store_file *file, uint64_t offset, const uftp_slice *slices,
                       size_t count)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(offset <= file->size && slices[i].len <= file->size - offset);
        for (size_t j = 0; j < slices[i].len; j++, offset++)
            file->wrong += slices[i].data[j] != content(offset);
        file->written += slices[i].len;
    }
    return UFTP_OK;
}

static int store_sync(void *ctx, uftp_store_file *file)
{
    (void)ctx;
    (void)file;
    return UFTP_OK;
}

static void store_discard(void *ctx, uftp_store_file *file, bool keep)
{
    world *w = ctx;
    (void)keep;
    w->files_open--;
    give_back(NULL, file);
}

/* Nothing is complete that has not been written, each block of it once. */
static int store_commit(void *ctx, uftp_store_file *file, const uftp_place *final, uint64_t mtime,
                        bool sync)
{
    world *w = ctx;
    (void) final;
    (void)mtime;
    (void)sync;
    FUZZ_CHECK(file->written == file->size);
    FUZZ_CHECK(w->disturbed || file->wrong == 0);
    w->arrived |= file->size == w->file_size && file->wrong == 0;
    store_discard(ctx, file, false);
    return UFTP_OK;
}

static int store_place(void *ctx, const uftp_place *place)
{
    (void)ctx;
    (void)place;
    return UFTP_OK;
}

static int store_symlink(void *ctx, const uftp_place *place, const char *target)
{
    (void)ctx;
    (void)place;
    (void)target;
    return UFTP_OK;
}

static int store_move(void *ctx, const uftp_place *from, const uftp_place *to)
{
    (void)ctx;
    (void)from;
    (void)to;
    return UFTP_OK;
}

static int store_free_space(void *ctx, const uftp_place *place, uint64_t *bytes)
{
    (void)ctx;
    (void)place;
    *bytes = UINT64_C(1) << 40;
    return UFTP_OK;
}

/* ---- the network ---- */

static void put_on_line(struct line *line, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(len <= DATAGRAM_MAX);
    if (line->count == LINE_MAX)
        return;
    unsigned place = (line->first + line->count++) % LINE_MAX;
    memcpy(line->bytes[place], bytes, len);
    line->len[place] = len;
}

static void put_train(struct line *line, const uftp_transmit *out)
{
    FUZZ_CHECK(out->len > 0 && out->segment_len > 0 && out->len <= out->capacity);
    for (size_t at = 0; at < out->len; at += out->segment_len) {
        size_t left = out->len - at;
        put_on_line(line, out->data + at, left < out->segment_len ? left : out->segment_len);
    }
}

static uint64_t deadline_of(const world *w)
{
    uint64_t a = uftp_sender_next_deadline(w->sender), b = uftp_receiver_next_deadline(w->receiver);
    return a < b ? a : b;
}

/* What a driver's turn does after any call. Afterwards nothing may be due. */
static void settle(world *w)
{
    static uint8_t bytes[UFTP_DATAGRAM_MAX];
    if (uftp_sender_next_deadline(w->sender) <= w->now)
        uftp_sender_on_timeout(w->sender, w->now);
    if (uftp_receiver_next_deadline(w->receiver) <= w->now)
        uftp_receiver_on_timeout(w->receiver, w->now);
    uftp_transmit out = {.data = bytes, .capacity = sizeof bytes};
    while (uftp_sender_poll_transmit(w->sender, w->now, &out) > 0)
        put_train(&w->lines[0], &out);
    while (uftp_receiver_poll_transmit(w->receiver, w->now, &out) > 0)
        put_train(&w->lines[1], &out);
    uftp_event event;
    while (uftp_sender_poll_event(w->sender, &event) > 0)
        w->finished |= event.type == UFTP_EVENT_SESSION_FINISHED;
    while (uftp_receiver_poll_event(w->receiver, &event) > 0) {
    }
    FUZZ_CHECK(deadline_of(w) > w->now);
}

static void arrive(world *w, unsigned to, const uint8_t *bytes, size_t len)
{
    /* In memory of exactly its length, so that a sanitizer sees one byte too many. */
    uint8_t *copy = malloc(len ? len : 1);
    FUZZ_CHECK(copy);
    memcpy(copy, bytes, len);
    const uftp_datagram datagram = {
        .data = copy,
        .len = len,
        .source = uftp_address_ipv4(10, 0, 0, to == 0 ? 1 : 2, to == 0 ? 1045 : 1044)};
    if (to == 0)
        uftp_receiver_recv(w->receiver, w->now, &datagram, 1);
    else
        uftp_sender_recv(w->sender, w->now, &datagram, 1);
    settle(w);
    free(copy);
}

static size_t take_from_line(world *w, unsigned to, uint8_t out[DATAGRAM_MAX], bool keep)
{
    struct line *line = &w->lines[to];
    if (line->count == 0)
        return 0;
    size_t len = line->len[line->first];
    memcpy(out, line->bytes[line->first], len);
    if (!keep) {
        line->first = (line->first + 1) % LINE_MAX;
        line->count--;
    }
    return len;
}

static void pass_time(world *w, uint64_t interval)
{
    const uint64_t end = w->now + interval;
    for (unsigned turns = 0; w->now < end; turns++) {
        FUZZ_CHECK(turns < TURNS_MAX);
        const uint64_t deadline = deadline_of(w);
        w->now = deadline < end ? deadline : end;
        settle(w);
    }
}

/* ---- steps ---- */

uint8_t fuzz_byte(fuzz_input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static size_t fuzz_below(fuzz_input *input, size_t limit)
{
    size_t high = fuzz_byte(input);
    return limit ? (high << 8 | fuzz_byte(input)) % limit : 0;
}

static void forge(world *w, unsigned to, fuzz_input *input)
{
    uint8_t bytes[16 + 255];
    const uint32_t group = uftp_sender_group(w->sender);
    const size_t len = fuzz_byte(input);
    const uint8_t version = fuzz_byte(input);
    memcpy(bytes,
           (const uint8_t[]){version, fuzz_byte(input), 0, fuzz_byte(input), 0, 0, 0,
                             to == 0 ? SENDER_UID : RECEIVER_UID, (uint8_t)(group >> 24),
                             (uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group, 0,
                             fuzz_byte(input), fuzz_byte(input), 0},
           16);
    for (size_t i = 0; i < len; i++)
        bytes[16 + i] = fuzz_byte(input);
    arrive(w, to, bytes, 16 + len);
}

static void step(world *w, fuzz_input *input)
{
    uint8_t bytes[DATAGRAM_MAX];
    const uint8_t what = fuzz_byte(input);
    unsigned to = what & 7;
    bool honest = to < 2 || to == 6;
    if (!honest)
        to = what >> 3 & 1;
    if ((what & 7) == 6) {
        pass_time(w, UFTP_MS(1) * fuzz_byte(input) * (what >> 3));
        w->disturbed = true; /* what is late may be too late */
        return;
    }
    if ((what & 7) == 7) {
        w->disturbed = true;
        forge(w, to, input);
        return;
    }
    size_t len = take_from_line(w, to, bytes, (what & 7) == 3);
    if (len == 0)
        return;
    w->disturbed |= !honest;
    switch (what & 7) {
    case 2:
        return;
    case 4:
        for (unsigned i = 0; i <= (what >> 4 & 3u); i++) {
            size_t at = fuzz_below(input, len);
            bytes[at] ^= fuzz_byte(input);
        }
        break;
    case 5: {
        size_t other = fuzz_below(input, DATAGRAM_MAX);
        if (other > len)
            memset(bytes + len, fuzz_byte(input), other - len);
        len = other;
        break;
    }
    default:
        break;
    }
    arrive(w, to, bytes, len);
}

static void run_to_the_end(world *w)
{
    uint8_t bytes[DATAGRAM_MAX];
    for (unsigned turns = 0;; turns++) {
        FUZZ_CHECK(turns < TURNS_MAX);
        size_t len = 0;
        for (unsigned to = 0; to < 2; to++)
            if ((len = take_from_line(w, to, bytes, false)) > 0) {
                arrive(w, to, bytes, len);
                break;
            }
        if (len > 0)
            continue;
        const uint64_t deadline = deadline_of(w);
        if (deadline == UFTP_NEVER)
            break;
        w->now = deadline;
        settle(w);
    }
    FUZZ_CHECK(w->finished);
    uftp_receiver_stats stats;
    uftp_receiver_stats_get(w->receiver, &stats);
    FUZZ_CHECK(stats.sessions == 0);
}

/* ---- the session ---- */

static uftp_sender_config sender_config(world *w, const uftp_source *source)
{
    static const char *const operands[] = {"/file"};
    static const uftp_member members[] = {{.uid = RECEIVER_UID}};
    return (uftp_sender_config){
        .memory = &memory,
        .random = &w->random,
        .source = source,
        .wall_us = UINT64_C(1700000000000000),
        .uid = SENDER_UID,
        .group = 0x12345678,
        .public_address = uftp_address_ipv4(230, 4, 4, 1, 1044),
        .private_address = uftp_address_ipv4(230, 5, 5, 5, 0),
        .block_size = 512,
        .rate_bytes_per_s = 1000000,
        .robust = 10,
        .grtt_initial = UFTP_MS(50),
        .grtt_max = UFTP_S(1),
        .passes_max = 20, /* a receiver told of another size asks for the last block for ever */
        .members = members,
        .operands = operands,
        .operand_count = 1};
}

static void take_choices(uftp_sender_config *config, const uftp_sender_config *chosen)
{
    config->version = chosen->version;
    config->plain = chosen->plain;
    config->client_auth = chosen->client_auth;
    config->congestion_control = chosen->congestion_control;
    config->key = chosen->key;
    config->key_exchange = chosen->key_exchange;
    config->cipher = chosen->cipher;
    config->hash = chosen->hash;
    config->sigtype = chosen->sigtype;
    config->legacy_crypto = chosen->legacy_crypto;
    config->member_count = chosen->member_count;
}

void fuzz_session_run(const fuzz_session *session, fuzz_input *input)
{
    const size_t before = live;
    static world w;
    memset(&w, 0, sizeof w);
    w.now = UFTP_S(1000);
    w.chance = 7;
    w.random = (uftp_random){.fill = fill, .ctx = &w.chance};
    w.file_size = session->file_size;
    const uftp_source source = {.ctx = &w,
                                .stat = source_stat,
                                .open = source_open,
                                .read = source_read,
                                .close = source_close};
    const uftp_store store = {.ctx = &w,
                              .lookup = store_lookup,
                              .create = store_create,
                              .write = store_write,
                              .sync = store_sync,
                              .commit = store_commit,
                              .discard = store_discard,
                              .mkdir = store_place,
                              .symlink = store_symlink,
                              .remove = store_place,
                              .move = store_move,
                              .free_space = store_free_space};
    uftp_sender_config config = sender_config(&w, &source);
    take_choices(&config, &session->sender);
    static const char *const destinations[] = {"/in"};
    const uftp_receiver_config receiver = {
        .memory = &memory,
        .random = &w.random,
        .store = &store,
        .wall_us = UINT64_C(1700000000000000),
        .uid = RECEIVER_UID,
        .key = fuzz_key(config.key_exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA ? UFTP_KEY_EC
                                                                            : UFTP_KEY_RSA),
        .destinations = destinations,
        .destination_count = 1,
        .legacy_crypto = session->legacy_crypto};
    if (uftp_sender_create(&config, w.now, &w.sender) < 0)
        return; /* a choice that does not fit together */
    FUZZ_CHECK(uftp_receiver_create(&receiver, w.now, &w.receiver) == UFTP_OK);
    settle(&w);
    while (input->at < input->end)
        step(&w, input);
    run_to_the_end(&w);
    FUZZ_CHECK(w.disturbed || w.arrived);
    uftp_sender_destroy(w.sender);
    uftp_receiver_destroy(w.receiver);
    FUZZ_CHECK(w.files_open == 0);
    FUZZ_CHECK(live <= before + 2); /* the keys, if these were made just now */
}
