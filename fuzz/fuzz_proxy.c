/* SPDX-License-Identifier: MIT
 *
 * A whole proxy, fed datagrams from several hosts at times of the input's choice, with memory that
 * may run out. Input:
 *
 *   0  kind of the proxy, and whether it learns its downstream      1  which allocation fails, 0:
 * none then records: host (1), time to let pass (1: 2^n ms / 16), length (2), bytes
 *
 * The corpus holds captured sessions: host 0 is the sender, 1 to 3 are receivers.
 */
#include "fuzz.h"

#include <uftp/proxy.h>

#include <stdlib.h>
#include <string.h>

#define HOSTS 4

typedef struct heap {
    uftp_allocator allocator;
    size_t live, made, fail_at;
} heap;

static void *take(void *ctx, size_t size)
{
    heap *h = ctx;
    if (++h->made == h->fail_at)
        return NULL;
    void *ptr = malloc(size ? size : 1);
    h->live += ptr != NULL;
    return ptr;
}

static void give_back(void *ctx, void *ptr)
{
    ((heap *)ctx)->live--;
    free(ptr);
}

static void fill(void *ctx, size_t len, uint8_t *dst)
{
    uint64_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
        dst[i] = (uint8_t)(*state >> 56);
    }
}

static uint8_t out_bytes[UFTP_TRAIN_BYTES_MAX];

/* The driver's turn; the proxy must not want another one at once. */
static void turn(uftp_proxy *proxy, uint64_t now)
{
    if (uftp_proxy_next_deadline(proxy) <= now)
        uftp_proxy_on_timeout(proxy, now);
    uftp_transmit out = {.data = out_bytes, .capacity = sizeof out_bytes};
    while (uftp_proxy_poll_transmit(proxy, now, &out) > 0)
        FUZZ_CHECK(out.len > 0 && out.segment_len > 0 && out.len <= sizeof out_bytes);
    uftp_event event;
    while (uftp_proxy_poll_event(proxy, &event) > 0)
        ;
    FUZZ_CHECK(uftp_proxy_next_deadline(proxy) > now);
}

static void feed(uftp_proxy *proxy, const uint8_t *data, size_t size)
{
    uint64_t now = UFTP_S(1);
    while (size >= 4) {
        size_t len = (size_t)data[2] << 8 | data[3];
        if (len > size - 4)
            len = size - 4;
        uint64_t until = now + (UFTP_MS(1) << data[1] % 16) / 16;
        for (int i = 0; i < 200 && uftp_proxy_next_deadline(proxy) < until; i++) {
            now = uftp_proxy_next_deadline(proxy);
            turn(proxy, now);
        }
        now = until;
        uint8_t *copy = malloc(len ? len : 1); /* at its exact size, for the sanitizer */
        FUZZ_CHECK(copy);
        memcpy(copy, data + 4, len);
        uftp_proxy_recv(
            proxy, now,
            &(uftp_datagram){.data = copy,
                             .len = len,
                             .source = uftp_address_ipv4(10, 0, 0, data[0] % HOSTS, 1044)},
            1);
        free(copy);
        turn(proxy, now);
        data += 4 + len;
        size -= 4 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint64_t luck = 1;
    heap memory = {.fail_at = data[1]};
    memory.allocator = (uftp_allocator){.alloc = take, .release = give_back, .ctx = &memory};
    const uftp_random random = {.fill = fill, .ctx = &luck};
    const uftp_downstream downstream = {
        .address = data[0] & 4 ? (uftp_address){0} : uftp_address_ipv4(10, 0, 0, 1, 1044),
        .has_fingerprint = data[0] & 4};
    const uftp_address host = uftp_address_ipv4(10, 0, 0, 3, 1044);
    uftp_proxy_config config = {.memory = &memory.allocator,
                                .random = &random,
                                .kind = (uftp_proxy_kind)(UFTP_PROXY_SERVER + data[0] % 3),
                                .uid = 0x0a4d0005, /* that of a captured proxy */
                                .queue_bytes = 128 << 10,
                                .heartbeat_hosts = &host,
                                .heartbeat_count = 1};
    if (config.kind == UFTP_PROXY_SERVER) {
        config.downstreams = &downstream;
        config.downstream_count = 1;
    }
    uftp_proxy *proxy;
    if (uftp_proxy_create(&config, 0, &proxy) == UFTP_OK) {
        turn(proxy, 0);
        feed(proxy, data + 2, size - 2);
        uftp_proxy_destroy(proxy);
    }
    FUZZ_CHECK(memory.live == 0);
    return 0;
}
