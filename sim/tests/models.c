/* SPDX-License-Identifier: MIT */
#include "models.h"

#include <string.h>

static bench the_bench;
static sim_model *first_model;

static void write_down(sim_model *model, uint64_t now, sim_packet *packet)
{
    bench *b = SIM_OWNER(model, bench, sink);
    assert_true(b->count < BENCH_MAX);
    uint32_t number;
    memcpy(&number, packet->bytes, sizeof number);
    b->number[b->count] = number;
    b->at[b->count++] = now;
    sim_packet_free(packet);
}

bench *bench_new(uint64_t seed)
{
    static const sim_model_type type = {.name = "sink", .push = write_down};
    bench *b = &the_bench;
    b->count = 0;
    sim_queue_init(&b->queue, 0);
    b->medium = (sim_medium){.queue = &b->queue, .seed = seed};
    b->sink = (sim_model){.type = &type, .medium = &b->medium};
    first_model = &b->sink;
    return b;
}

void bench_link(bench *b, const sim_link *link)
{
    sim_chain_free(first_model, &b->sink);
    first_model = sim_link_build(&b->medium, "a>b", link, &b->sink);
}

void bench_send(bench *b, uint32_t first, uint32_t count, uint64_t start, uint64_t gap, size_t len)
{
    uint8_t bytes[9000] = {0};
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t number = first + i;
        while (sim_queue_step(&b->queue, start + i * gap))
            ;
        sim_queue_advance(&b->queue, start + i * gap);
        memcpy(bytes, &number, sizeof number);
        sim_model_push(first_model, b->queue.now, sim_packet_new(bytes, len));
    }
    while (sim_queue_step(&b->queue, UFTP_NEVER - 1))
        ;
}

void bench_run_until(bench *b, uint64_t at)
{
    while (sim_queue_step(&b->queue, at))
        ;
    sim_queue_advance(&b->queue, at);
}

void bench_run(bench *b)
{
    while (sim_queue_step(&b->queue, UFTP_NEVER - 1))
        ;
}

static void count_packet(sim_model *model, uint64_t now, sim_packet *packet)
{
    bench_branch *branch = SIM_OWNER(model, bench_branch, sink);
    branch->count++;
    branch->bytes += packet->len;
    branch->at = now;
    if (packet->len >= sizeof branch->number)
        memcpy(&branch->number, packet->bytes, sizeof branch->number);
    sim_packet_free(packet);
}

void bench_branch_open(bench *b, bench_branch *branch, const char *place, const sim_link *link)
{
    static const sim_model_type type = {.name = "branch", .push = count_packet};
    *branch = (bench_branch){.sink = {.type = &type, .medium = &b->medium}};
    branch->first = sim_link_build(&b->medium, place, link, &branch->sink);
}

void bench_branch_send(bench *b, bench_branch *branch, uint64_t at, uint32_t number, size_t len)
{
    uint8_t bytes[9000] = {0};
    bench_run_until(b, at);
    memcpy(bytes, &number, sizeof number);
    sim_packet *packet = sim_packet_new(bytes, len);
    packet->sent = at;
    sim_model_push(branch->first, at, packet);
}

void bench_branch_close(bench_branch *branch)
{
    sim_chain_free(branch->first, &branch->sink);
}

void bench_take_figure(void *ctx, const char *name, uint64_t value)
{
    bench_figure *figure = ctx;
    if (strcmp(name, figure->name) == 0) {
        figure->value = value;
        figure->found = true;
    }
}

uint64_t bench_figure_of(const sim_model *model, const char *name)
{
    bench_figure figure = {.name = name};
    sim_model_tell(model, bench_take_figure, &figure);
    assert_true(figure.found);
    return figure.value;
}

uint64_t bench_figure_of_shared(const sim_shared *shared, const char *name)
{
    bench_figure figure = {.name = name};
    assert_non_null(shared->type->tell);
    shared->type->tell(shared, bench_take_figure, &figure);
    assert_true(figure.found);
    return figure.value;
}

void bench_free(bench *b)
{
    sim_chain_free(first_model, &b->sink);
    sim_medium_free(&b->medium);
    sim_queue_free(&b->queue);
}
