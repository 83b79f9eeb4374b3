/* SPDX-License-Identifier: MIT */
#include "runtime/entropy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void draw(uint8_t *dst, size_t len)
{
    while (len) {
        /* Up to 256 bytes come whole once the pool is ready; before that a signal may interrupt. */
        ssize_t got = getrandom(dst, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fprintf(stderr, "No randomness from the kernel: %s\n", strerror(errno));
            abort();
        }
        dst += got;
        len -= (size_t)got;
    }
}

static void entropy_fill(void *ctx, size_t len, uint8_t *dst)
{
    uftp_entropy *entropy = ctx;
    if (len > sizeof entropy->stock / 2) {
        draw(dst, len); /* nothing to save, and the stock stays for the small ones */
        return;
    }
    if (entropy->left < len) {
        draw(entropy->stock, sizeof entropy->stock);
        entropy->left = sizeof entropy->stock;
    }
    entropy->left -= len;
    memcpy(dst, entropy->stock + entropy->left, len);
    explicit_bzero(entropy->stock + entropy->left, len); /* it may have become a key */
}

void uftp_entropy_init(uftp_entropy *entropy)
{
    *entropy = (uftp_entropy){.random = {.fill = entropy_fill, .ctx = entropy}};
}

void uftp_entropy_wipe(uftp_entropy *entropy)
{
    explicit_bzero(entropy->stock, sizeof entropy->stock);
    entropy->left = 0;
}
