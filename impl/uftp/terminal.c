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

void uftp_terminal_draw(uftp_terminal *terminal, uint64_t now, const uftp_sender_stats *stats,
                        const char *name)
{
    if (!terminal->enabled || (terminal->visible && now < terminal->next_draw))
        return;
    if (now >= terminal->next_sample) {
        uftp_progress_rate_add(&terminal->rate, now, stats->bytes_sent);
        terminal->next_sample = now + UFTP_PROGRESS_INTERVAL;
    }
    char line[UFTP_PROGRESS_LINE_MAX];
    uftp_progress_format(stats, name, uftp_progress_rate_get(&terminal->rate), width(), line);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    terminal->visible = true;
    terminal->next_draw = now + UFTP_PROGRESS_INTERVAL;
}

uint64_t uftp_terminal_wakeup(const uftp_terminal *terminal)
{
    return terminal->enabled ? terminal->next_draw : UFTP_NEVER;
}
