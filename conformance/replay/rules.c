/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char command[1000];

typedef struct rule_text {
    const char *name, *text;
} rule_text;

#define RULE_TEXT(id, name, text) {name, text},
static const rule_text rules[REPLAY_RULE_COUNT] = {REPLAY_RULES(RULE_TEXT)};

const char *replay_kind_name(replay_kind kind)
{
    static const char *const names[] = {"plain", "opened", "full"};
    return names[kind];
}

void replay_command(int argc, char **argv)
{
    size_t at = 0;
    for (int i = 0; i < argc && at < sizeof command; i++)
        at += (size_t)snprintf(command + at, sizeof command - at, "%s%s", i ? " " : "", argv[i]);
}

void replay_broken(replay_rule rule, const char *capture, uint64_t number, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_message("capture: %s\n", capture);
    if (number)
        print_message("packet:  %llu\n", (unsigned long long)number);
    print_message("rule:    %s (%s)\nseen:    %s\nrepeat:  %s\n", rules[rule].name,
                  rules[rule].text, text, command);
    fail_msg("%s", rules[rule].name);
    abort(); /* fail_msg() does not return, but is not declared so */
}
