/* SPDX-License-Identifier: MIT */
#include "run/guarding.h"

#include "invariants/secrets.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENT_LEN 32 /* enough of a file to know it by */

/* ---- what is secret ---- */

static bool is_plain_somewhere(const sim_stage *stage, uint64_t size)
{
    for (size_t i = 0; i < stage->sender_count; i++) {
        const sim_sender_part *part = stage->senders[i].part;
        const sim_file_part *files = part->files.items;
        for (size_t f = 0; !part->cipher && f < part->files.count; f++)
            if (files[f].size == size)
                return true;
    }
    return false;
}

/* Files of one size are alike, and so are the names of a row of them but for the number. */
static void keep_secret(sim_guard *guard, const sim_stage *stage, const sim_stage_sender *sender)
{
    const sim_file_part *files = sender->part->files.items;
    for (size_t f = 0; f < sender->part->files.count; f++) {
        uint8_t bytes[CONTENT_LEN];
        if (files[f].size < CONTENT_LEN || is_plain_somewhere(stage, files[f].size))
            continue;
        sim_generate(sim_stage_content_seed(files[f].size), 0, bytes, sizeof bytes);
        sim_guard_secret(guard, "the content of a file", bytes, sizeof bytes);
        if (strlen(files[f].name) >= SIM_SECRET_MIN)
            sim_guard_secret_name(guard, files[f].name);
    }
}

/* ---- what excuses ---- */

static bool damages(const sim_link_part *link)
{
    return link->mark.at && link->corrupt;
}

static bool is_damaged(const sim_scenario *s)
{
    const sim_sender_part *senders = s->senders.items;
    const sim_receiver_part *receivers = s->receivers.items;
    const sim_router_part *routers = s->routers.items;
    bool damaged = damages(&s->network);
    for (size_t i = 0; i < s->senders.count; i++)
        damaged |= damages(&senders[i].up) || damages(&senders[i].down);
    for (size_t i = 0; i < s->receivers.count; i++)
        damaged |= damages(&receivers[i].up) || damages(&receivers[i].down);
    const sim_proxy_part *proxies = s->proxies.items;
    for (size_t i = 0; i < s->proxies.count; i++)
        damaged |= damages(&proxies[i].up) || damages(&proxies[i].down);
    for (size_t i = 0; i < s->routers.count; i++)
        damaged |= damages(&routers[i].up) || damages(&routers[i].down);
    return damaged;
}

/* ---- the run ---- */

void sim_guarding_begin(sim_guard *guard, const sim_stage *stage)
{
    if (is_damaged(stage->scenario))
        sim_guard_damaged(guard);
    if (stage->proxy_count > 0)
        sim_guard_proxied(guard);
    for (size_t i = 0; i < stage->sender_count; i++) {
        const sim_stage_sender *sender = &stage->senders[i];
        sim_guard_sender(guard, sender->node, NULL, sim_node_source(sender->node));
        if (sender->part->cipher)
            keep_secret(guard, stage, sender);
    }
    for (size_t i = 0; i < stage->receiver_count; i++) {
        sim_node *node = stage->receivers[i].node;
        sim_guard_receiver(guard, node, sim_node_store(node));
        sim_guard_unflushed(guard, node);
    }
}

void sim_guarding_end(sim_guard *guard, const sim_stage *stage)
{
    if (sim_next(stage->world) == UFTP_NEVER)
        sim_guard_end(guard);
}

void sim_guarding_text(const sim_guard *guard, const sim_stage *stage, const char *name,
                       const char *text, size_t len)
{
    const char *told = sim_guard_told(guard, text, len);
    if (told)
        sim_fail(stage->world, NULL, "%s holds a secret: %s", name, told);
}

bool sim_guarding_file(const sim_guard *guard, const sim_stage *stage, const char *path)
{
    struct stat stat;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool known = file >= 0 && fstat(file, &stat) == 0;
    if (known && S_ISREG(stat.st_mode) && stat.st_size > 0) { /* a pipe is somebody else's now */
        void *text = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        known = text != MAP_FAILED;
        if (known) {
            sim_guarding_text(guard, stage, path, text, (size_t)stat.st_size);
            munmap(text, (size_t)stat.st_size);
        }
    }
    if (file >= 0)
        close(file);
    return known;
}
