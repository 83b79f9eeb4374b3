/* SPDX-License-Identifier: MIT */
#include "models/trace_loss.h"

#include "base/assert.h"
#include "engine/memory.h"

#include <stdio.h>
#include <string.h>

typedef struct trace_loss {
    sim_model model;
    sim_trace_loss_config config;
    size_t run;    /* where in the trace: */
    uint64_t left; /* packets left of this run */
    bool ended;
} trace_loss;

static void next_run(trace_loss *t)
{
    if (++t->run == t->config.trace->count) {
        t->run = 0;
        t->ended = t->config.once;
    }
    t->left = t->config.trace->runs[t->run];
}

/* The fate of the next packet. */
static bool next_is_lost(trace_loss *t)
{
    while (!t->ended && t->left == 0)
        next_run(t);
    if (t->ended)
        return false;
    t->left--;
    return t->run % 2 == 1;
}

static void push(sim_model *model, uint64_t now, sim_packet *packet)
{
    if (next_is_lost((trace_loss *)model))
        sim_model_drop(model, packet);
    else
        sim_model_forward(model, now, packet);
}

sim_model *sim_trace_loss_new(sim_medium *medium, const char *place,
                              const sim_trace_loss_config *config)
{
    static const sim_model_type type = {.name = "trace", .push = push};
    UFTP_ASSERT(config->trace->packets > 0);
    trace_loss *t = sim_model_new(medium, &type, place, sizeof *t);
    t->config = *config;
    t->left = config->trace->runs[0];
    uint64_t skip = config->start % config->trace->packets;
    while (skip >= t->left) {
        skip -= t->left;
        t->left = config->trace->runs[++t->run];
    }
    t->left -= skip;
    return &t->model;
}

/* ---- reading ---- */

typedef struct parser {
    const char *at, *end;
    unsigned line;
    sim_loss_trace *out;
    size_t capacity;
} parser;

static void skip_space(parser *p)
{
    for (bool comment = false; p->at < p->end; p->at++) {
        if (*p->at == '\n') {
            p->line++;
            comment = false;
        } else if (*p->at == '#') {
            comment = true;
        } else if (!comment && *p->at != ' ' && *p->at != '\t' && *p->at != '\r') {
            return;
        }
    }
}

/* Runs in turn: two of the same kind become one, and a trace that begins with a loss has a first
 * run of none. */
static bool add(parser *p, bool lost, uint64_t count)
{
    sim_loss_trace *out = p->out;
    if (count > UINT64_MAX - out->packets)
        return false;
    out->packets += count;
    out->lost += lost ? count : 0;
    while (out->count == 0 || (out->count - 1) % 2 != lost) {
        if (out->count == p->capacity) {
            p->capacity = p->capacity ? 2 * p->capacity : 64;
            out->runs = sim_reallocate(out->runs, p->capacity * sizeof *out->runs);
        }
        out->runs[out->count++] = 0;
    }
    out->runs[out->count - 1] += count;
    return true;
}

static bool parse_runs(parser *p)
{
    bool lost = false;
    for (skip_space(p); p->at < p->end; skip_space(p), lost = !lost) {
        uint64_t number = 0;
        const char *start = p->at;
        for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
            if (number > (UINT64_MAX - 9) / 10)
                return false;
            number = 10 * number + (uint64_t)(*p->at - '0');
        }
        if (p->at == start || !add(p, lost, number))
            return false;
    }
    return true;
}

static bool parse_digits(parser *p)
{
    for (skip_space(p); p->at < p->end; skip_space(p)) {
        if ((*p->at != '0' && *p->at != '1') || !add(p, *p->at == '1', 1))
            return false;
        p->at++;
    }
    return true;
}

int sim_loss_trace_parse(const char *text, size_t len, sim_loss_trace *out, unsigned *line)
{
    static const char keyword[] = "runs";
    const size_t keyword_len = sizeof keyword - 1;
    parser p = {.at = text, .end = text + len, .line = 1, .out = out};
    *out = (sim_loss_trace){0};
    skip_space(&p);
    bool good;
    if ((size_t)(p.end - p.at) >= keyword_len && memcmp(p.at, keyword, keyword_len) == 0) {
        p.at += keyword_len;
        good = parse_runs(&p);
    } else {
        good = parse_digits(&p);
    }
    *line = p.line;
    if (good && out->packets > 0)
        return UFTP_OK;
    sim_loss_trace_free(out);
    return UFTP_ERR_MALFORMED;
}

int sim_loss_trace_load(const char *path, sim_loss_trace *out, unsigned *line)
{
    *line = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return UFTP_ERR_IO;
    char *text = NULL;
    size_t len = 0, capacity = 0;
    do {
        capacity = capacity ? 2 * capacity : 65536;
        text = sim_reallocate(text, capacity);
        len += fread(text + len, 1, capacity - len, file);
    } while (len == capacity);
    int err = ferror(file) ? UFTP_ERR_IO : UFTP_OK;
    fclose(file);
    if (!err)
        err = sim_loss_trace_parse(text, len, out, line);
    sim_release(text);
    return err;
}

void sim_loss_trace_free(sim_loss_trace *trace)
{
    sim_release(trace->runs);
    *trace = (sim_loss_trace){0};
}
