/* SPDX-License-Identifier: MIT */
#include "uftp/terminal.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

void uftp_terminal_init(uftp_terminal *terminal, bool enabled)
{
    *terminal = (uftp_terminal){.enabled = enabled};
}

void uftp_terminal_clear(uftp_terminal *terminal)
{
    if (!terminal->visible)
        return;
    fputs("\r\033[K", stderr);
    terminal->visible = false;
}

static unsigned width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}

/* The rate of the data phase; the one that was asked for until there is something to measure. */
static uint64_t measure(uftp_terminal *terminal, uint64_t now, const uftp_sender_stats *stats)
{
    if (stats->phase != UFTP_SENDER_TRANSFER) {
        terminal->rate = (uftp_progress_rate){0};
        terminal->next_sample = 0;
    } else if (now >= terminal->next_sample) {
        uftp_progress_rate_add(&terminal->rate, now, stats->bytes_sent);
        terminal->next_sample = now + UFTP_PROGRESS_INTERVAL;
    }
    uint64_t rate = uftp_progress_rate_get(&terminal->rate);
    if (!rate && stats->rate_bytes_per_s != UFTP_RATE_UNLIMITED)
        rate = stats->rate_bytes_per_s;
    return rate;
}

void uftp_terminal_draw(uftp_terminal *terminal, uint64_t now, const uftp_sender_stats *stats,
                        const char *name)
{
    if (!terminal->enabled || (terminal->visible && now < terminal->next_draw))
        return;
    char line[UFTP_PROGRESS_LINE_MAX];
    uftp_progress_format(stats, name, measure(terminal, now, stats), width(), line);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    terminal->visible = true;
    terminal->next_draw = now + UFTP_PROGRESS_INTERVAL;
}

uint64_t uftp_terminal_wakeup(const uftp_terminal *terminal)
{
    return terminal->enabled ? terminal->next_draw : UFTP_NEVER;
}
