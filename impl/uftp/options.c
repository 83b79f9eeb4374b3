/* SPDX-License-Identifier: MIT */
#include "uftp/options.h"

#include "uftp/options_v4.h"

#include "runtime/log.h"
#include "uftp/restart.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_PROGRESS = UFTP_OPTION_OWN, OPTION_KEYLOG, OPTION_WIRE, OPTION_LEGACY_CRYPTO };

static const uftp_option items[] = {
    {'R', "rate", "KBPS", "1000", "send at this rate (Kbps = 1024 bit/s); -1: as fast as possible"},
    {'b', "block-size", "BYTES", "1300", "data in one packet, 512 to 8800"},
    {'C', "congestion-control", "TYPE", "none",
     "none; tfmcc[:KEY=KBPS...]: the receivers' reports set the rate,\n"
     "within min, init and max, e.g. tfmcc:min=500:max=20000"},
    {'s', "robust", "N", "20", "send a message that is not answered up to N times, 10 to 50"},
    {'r', "grtt", "INIT[:MIN:MAX]", "0.5:0.01:15",
     "group round trip time in seconds: first guess and limits"},
    {'a', "passes", "N", "65535", "give up receivers that are not done after N passes"},
    {'N', "nak-percent", "PERCENT", "100",
     "missing more than this share of a section is excessive ..."},
    {'m', "nak-count", "N", "1", "... and so many times puts a receiver out (with -N)"},
    {'W', "time-limit", "PERCENT", NULL,
     "longest time for a file, in per cent of size / rate, 110 to 10000"},

    {'M', "public", "ADDRESS", "230.4.4.1",
     "address receivers listen on; may be unicast or broadcast"},
    {'P', "private", "ADDRESS", "230.5.5.x",
     "group for the files; each x becomes a random number;\nno default for IPv6"},
    {'p', "port", "PORT", "1044", "UDP port of the receivers"},
    {'u', "source-port", "PORT", "0", "UDP port to send from, 0: any"},
    {'I', "interface", "INTERFACE", "first that is up and not loopback",
     "where to send: name, name/4, name/6, index, host or IP"},
    {'t', "ttl", "HOPS", "1", "how many hops multicast may travel, 1 to 255"},
    {'Q', "dscp", "DSCP", "0", "DSCP of what is sent, 0 to 63"},
    {'B', "buffer", "BYTES", "262144", "socket buffers"},
    {'U', "uid", "HEX", "from the interface", "our UID"},

    {OPTION_WIRE, "wire", "VERSION", "5",
     "5, or 4 for receivers of version 4: -Y -h -e -K -w are then\n"
     "those of version 4 (see the manual), none of them by default"},
    {'Y', "cipher", "NAME", "aes256-gcm",
     "aes128-gcm, aes256-gcm, aes128-ccm, aes256-ccm, or\n"
     "none: no encryption, -h -e -c -k -K do not apply"},
    {'h', "hash", "NAME", "sha256", "sha256, sha384 or sha512"},
    {'e', "ecdh-curve", "NAME", "secp256r1", "secp256r1, secp384r1 or secp521r1"},
    {'c', "client-auth", NULL, NULL, "receivers must prove their keys"},
    {'k', "key", "FILE", NULL, "signing key (PEM) to read; with -K: to make and write"},
    {'K', "new-key", "TYPE", "ec:secp256r1, for this run",
     "make a signing key: rsa:BITS or ec:CURVE"},
    {'w', "packet-signature", "TYPE", "hmac",
     "with --wire 4: hmac or keyex, of each packet in CBC mode"},
    {OPTION_LEGACY_CRYPTO, "legacy-crypto", NULL, NULL,
     "with --wire 4: allow what is broken today (CBC, SHA-1,\nRSA key exchange)"},

    {'H', "hosts", "ID,... | @FILE", "anybody",
     "only these receivers: UIDs (0x...), IPv4 addresses or\nnames; may be repeated"},
    {'j', "proxies", "FILE", NULL, "proxies that answer for the hosts of -H"},
    {'q', "quit-on-error", NULL, NULL, "stop all when one receiver fails"},

    {'i', "list", "FILE", NULL, "read the operands from a file, one per line; -: stdin"},
    {'X', "exclude", "FILE", NULL, "names not to send, one per line, as DIRECTORY/NAME"},
    {'D', "destination", "NAME", NULL, "name at the receivers; a directory for several operands"},
    {'o', "destination-is-directory", NULL, NULL, "-D is a directory even for one operand"},
    {'E', "base", "DIR,...", NULL, "take these directories off the front of names"},
    {'l', "follow-links", NULL, NULL, "send what symbolic links point at, not the links"},
    {'z', "sync", NULL, NULL, "leave alone what receivers have, equal or newer"},
    {'Z', "sync-preview", NULL, NULL, "only say what -z would do"},
    {'f', "restartable", NULL, NULL,
     "when receivers fail, write a file that restarts the session\nwith them"},
    {'F', "restart", "FILE", NULL,
     "restart a session from such a file, which names the files\nand the hosts; implies -f"},

    {'x', "log-level", "LEVEL", "2", "0: failures only ... 5: each packet"},
    {'L', "log", "FILE", "stderr", "append the log to a file, with time stamps"},
    {'T', "timestamps", NULL, NULL, "time stamps in the log (implied by -L)"},
    {'g', "log-size", "MB", NULL, "with -L: roll the log file when it is larger, 1 to 1024"},
    {'n', "log-count", "N", "5", "rolled log files to keep, 1 to 1000"},
    {'S', "status", "FILE", NULL, "append status records to a file; @LOG: to the log"},
    {OPTION_KEYLOG, "keylog", "FILE", NULL,
     "append the secrets of the session to a file: who has it can\nread a capture (also: "
     "$UFTPKEYLOGFILE)"},
    {OPTION_PROGRESS, "progress", "WHEN", "auto",
     "progress line on stderr: auto (on a terminal), always, never"},
    {'y', "key-container", NULL, NULL, "accepted, does nothing (Windows)"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};

const uftp_option_table uftp_sender_option_table = {
    .program = "uftp",
    .synopsis = "[options] file ...\n[options] -i LIST\n[options] -F FILE",
    .summary =
        "Sends files and directories to any number of uftpd receivers at once, by multicast.\n"
        "Two operands are no files: @DELETE:NAME deletes NAME at the receivers, @FREESPACE\n"
        "asks them for the room they have.",
    .items = items,
    .count = sizeof items / sizeof *items,
};

static int parse_u64(const uftp_option_use *use, uint64_t min, uint64_t max, const char *unit,
                     uint64_t *out, uftp_failure *failure)
{
    return uftp_parse_number(use, &(uftp_range){.min = min, .max = max, .unit = unit}, out,
                             failure);
}

static int parse_u16(const uftp_option_use *use, uint16_t min, uint16_t max, uint16_t *out,
                     uftp_failure *failure)
{
    uint64_t value = 0;
    int code = parse_u64(use, min, max, NULL, &value, failure);
    if (!code)
        *out = (uint16_t)value;
    return code;
}

static int parse_u8(const uftp_option_use *use, uint8_t min, uint8_t max, uint8_t *out,
                    uftp_failure *failure)
{
    uint16_t value = 0;
    int code = parse_u16(use, min, max, &value, failure);
    if (!code)
        *out = (uint8_t)value;
    return code;
}

static int parse_progress(const uftp_option_use *use, uftp_progress_when *out,
                          uftp_failure *failure)
{
    static const char *const names[] = {
        [UFTP_PROGRESS_AUTO] = "auto",
        [UFTP_PROGRESS_ALWAYS] = "always",
        [UFTP_PROGRESS_NEVER] = "never",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(use->value, names[i]) == 0) {
            *out = (uftp_progress_when)i;
            return 0;
        }
    return uftp_parse_refuse(use, failure, "auto, always or never");
}

static int parse_destination(const uftp_option_use *use, char **out, uftp_failure *failure)
{
    size_t len = strlen(use->value);
    while (len > 1 && use->value[len - 1] == '/')
        len--;
    if (len == 0 || len >= UFTP_NAME_MAX)
        return uftp_parse_refuse(use, failure, "a name of 1 to %d bytes", UFTP_NAME_MAX - 1);
    free(*out);
    *out = strndup(use->value, len);
    return *out ? 0 : uftp_fail_memory(failure);
}

static int refuse_congestion(const uftp_option_use *use, uftp_failure *failure)
{
    return uftp_parse_refuse(use, failure,
                             "a congestion control: none, or tfmcc[:min=KBPS][:init=KBPS]"
                             "[:max=KBPS] with min <= init <= max");
}

/* "min=500", or the bare number of UFTP before 4.8, which is the maximum. */
static bool parse_bound(uftp_sender_config *core, const char *text, size_t len)
{
    const struct {
        const char *key;
        uint64_t *rate;
    } bounds[] = {{"min=", &core->rate_min},
                  {"init=", &core->rate_initial},
                  {"max=", &core->rate_max},
                  {"", &core->rate_max}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        size_t key_len = strlen(bounds[i].key);
        char number[24];
        uint64_t kbps;
        if (strncmp(text, bounds[i].key, key_len) != 0)
            continue;
        if (key_len > len || len - key_len >= sizeof number)
            return false;
        memcpy(number, text + key_len, len - key_len);
        number[len - key_len] = '\0';
        if (!uftp_text_to_u64(number, 0, &kbps) || kbps < 1 || kbps > UFTP_KBPS_MAX)
            return false;
        *bounds[i].rate = kbps * UFTP_BYTES_PER_KBIT;
        return true;
    }
    return false;
}

/* -C: "none", "tfmcc", "tfmcc:min=1:init=2:max=3" in any order, "tfmcc:3". */
static int parse_congestion(uftp_sender_options *o, const uftp_option_use *use,
                            uftp_failure *failure)
{
    uftp_sender_config *core = &o->core;
    core->congestion_control = UFTP_CC_NONE;
    core->rate_min = core->rate_initial = core->rate_max = 0;
    if (strcmp(use->value, "none") == 0)
        return 0;
    if (strncmp(use->value, "tfmcc", 5) != 0)
        return refuse_congestion(use, failure);
    core->congestion_control = UFTP_CC_TFMCC;
    const char *at = use->value + 5;
    while (*at == ':') {
        size_t len = strcspn(++at, ":");
        if (!parse_bound(core, at, len))
            return refuse_congestion(use, failure);
        at += len;
    }
    uint64_t most = core->rate_max ? core->rate_max : UINT64_MAX;
    uint64_t first = core->rate_initial ? core->rate_initial : core->rate_min;
    if (*at || core->rate_min > first || first > most)
        return refuse_congestion(use, failure);
    return 0;
}

static int take_transfer(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t value = 0;
    uftp_grtt_range grtt;
    int code;
    switch (use->option->id) {
    case 'R':
        return uftp_parse_rate(use, &o->core.rate_bytes_per_s, failure);
    case 'b':
        return parse_u16(use, UFTP_BLOCK_SIZE_MIN, UFTP_BLOCK_SIZE_MAX, &o->core.block_size,
                         failure);
    case 'C':
        return parse_congestion(o, use, failure);
    case 's':
        return parse_u8(use, 10, 50, &o->core.robust, failure);
    case 'r':
        grtt = (uftp_grtt_range){.min = o->core.grtt_min, .max = o->core.grtt_max};
        code = uftp_parse_grtt(use, &grtt, failure);
        if (!code) {
            o->core.grtt_initial = grtt.initial;
            o->core.grtt_min = grtt.min;
            o->core.grtt_max = grtt.max;
        }
        return code;
    case 'a':
        return parse_u16(use, 1, UINT16_MAX, &o->core.passes_max, failure);
    case 'N':
        code = parse_u8(use, 0, 100, &o->core.nak_percent_max, failure);
        o->core.nak_limited = o->core.nak_percent_max < 100;
        return code;
    case 'm':
        return parse_u16(use, 1, 1000, &o->core.nak_count_max, failure);
    case 'W':
        code = parse_u64(use, 110, 10000, "per cent", &value, failure);
        o->core.time_max_percent = (uint32_t)value;
        return code;
    }
    return -1; /* not of this kind */
}

static int take_network(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    switch (use->option->id) {
    case 'M':
        return uftp_parse_text(use, &o->public_address, failure);
    case 'P':
        return uftp_parse_text(use, &o->private_address, failure);
    case 'p':
        return uftp_parse_text(use, &o->port, failure);
    case 'u':
        return parse_u16(use, 0, UINT16_MAX, &o->source_port, failure);
    case 'I':
        return uftp_parse_text(use, &o->interface, failure);
    case 't':
        return parse_u8(use, 1, 255, &o->hops, failure);
    case 'Q':
        return uftp_parse_dscp(use, &o->core.tos, failure);
    case 'B':
        return uftp_parse_buffer(use, &o->buffer, failure);
    case 'U':
        return uftp_parse_uid(use, &o->core.uid, failure);
    }
    return -1;
}

static int take_security(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    int code = o->core.version == 4 ? uftp_options_v4_take(o, use, failure) : -1;
    if (code >= 0)
        return code;
    switch (use->option->id) {
    case OPTION_WIRE: /* take_wire() was there before */
        return 0;
    case OPTION_LEGACY_CRYPTO:
        o->core.legacy_crypto = true;
        return 0;
    case 'w':
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-w/--packet-signature: only version 4 has it (--wire 4)");
    case 'Y':
        return uftp_parse_cipher(use, &o->core.cipher, &o->core.plain, failure);
    case 'h':
        return uftp_parse_hash(use, &o->core.hash, failure);
    case 'e':
        return uftp_parse_curve(use, &o->core.ecdh_curve, failure);
    case 'c':
        o->core.client_auth = true;
        return 0;
    case 'k':
        return uftp_parse_text(use, &o->key_path, failure);
    case 'K':
        code = uftp_parse_key_spec(use, &o->key_spec, failure);
        o->has_key_spec = code == 0;
        return code;
    case 'H':
        return uftp_strings_add(&o->hosts, use->value, strlen(use->value), failure);
    case 'j':
        return uftp_parse_text(use, &o->proxy_path, failure);
    case 'q':
        o->core.quit_on_error = true;
        return 0;
    }
    return -1;
}

static int take_files(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    switch (use->option->id) {
    case 'i':
        return uftp_parse_text(use, &o->list_path, failure);
    case 'X':
        return uftp_parse_text(use, &o->exclude_path, failure);
    case 'D':
        return parse_destination(use, &o->destination_name, failure);
    case 'o':
        o->core.destination_is_directory = true;
        return 0;
    case 'E':
        return uftp_strings_add_list(&o->base_dirs, use->value, failure);
    case 'l':
        o->core.follow_links = true;
        return 0;
    case 'z':
        o->core.sync_mode = true;
        return 0;
    case 'Z':
        o->core.sync_mode = o->core.sync_preview = true;
        return 0;
    case 'f':
        o->restartable = true;
        return 0;
    case 'F':
        o->restartable = true;
        return uftp_parse_text(use, &o->restart_path, failure);
    }
    return -1;
}

static int take_output(uftp_sender_options *o, const uftp_option_use *use, uftp_failure *failure)
{
    switch (use->option->id) {
    case 'x':
        return uftp_parse_log_level(use, &o->log_level, failure);
    case 'L':
        return uftp_parse_text(use, &o->log_path, failure);
    case 'T':
        o->timestamps = true;
        return 0;
    case 'g':
        return uftp_parse_log_size(use, &o->log_roll_bytes, failure);
    case 'n':
        return uftp_parse_log_count(use, &o->log_archives, failure);
    case 'S':
        return uftp_parse_text(use, &o->status_path, failure);
    case OPTION_KEYLOG:
        return uftp_parse_text(use, &o->key_log_path, failure);
    case OPTION_PROGRESS:
        return parse_progress(use, &o->progress, failure);
    case 'y':
        o->windows_only = true;
        return 0;
    }
    return 0;
}

/* --wire says what other options mean, wherever it stands: it is looked for before them. */
static int take_wire(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    uint64_t version = 0;
    if (use->option->id != OPTION_WIRE)
        return 0;
    int code = parse_u64(use, 4, 5, NULL, &version, failure);
    if (!code)
        *(uint64_t *)ctx = version;
    return code;
}

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    static int (*const kinds[])(uftp_sender_options *, const uftp_option_use *, uftp_failure *) = {
        take_transfer, take_network, take_security, take_files, take_output};
    int code = -1;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && code < 0; i++)
        code = kinds[i](ctx, use, failure);
    return code;
}

static int check_restart(const uftp_sender_options *o, uftp_failure *failure)
{
    if (o->restartable && o->core.sync_mode)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-f/--restartable does not go with -z or -Z: what receivers have is "
                         "left alone anyway");
    if (o->restart_path && (o->operands.count || o->list_path || o->hosts.count || o->proxy_path))
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-F/--restart: the file names what is sent and to whom; leave out the "
                         "files, -i, -H and -j");
    return 0;
}

static int check(const uftp_sender_options *o, uftp_failure *failure)
{
    int code = check_restart(o, failure);
    if (code)
        return code;
    if (!o->operands.count && !o->list_path && !o->restart_path)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "no files to send; try 'uftp --help'");
    if (o->operands.count > UFTP_OPERANDS_MAX)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "more than %d operands", UFTP_OPERANDS_MAX);
    if (o->base_dirs.count > UFTP_SENDER_BASES_MAX)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-E/--base: more than %d directories",
                         UFTP_SENDER_BASES_MAX);
    if (o->proxy_path && !o->hosts.count)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-j/--proxies: an open session (without -H) with listed proxies is not "
                         "implemented yet");
    return 0;
}

int uftp_sender_options_parse(uftp_sender_options *options, int argc, char **argv,
                              uftp_failure *failure)
{
    /* What -r and -N compare with is set here; the other zeros mean the core's defaults. */
    *options = (uftp_sender_options){
        .core = {.rate_bytes_per_s = 128000,
                 .block_size = UFTP_BLOCK_SIZE_DEFAULT,
                 .robust = 20,
                 .grtt_initial = UFTP_MS(500),
                 .grtt_min = UFTP_MS(10),
                 .grtt_max = UFTP_S(15),
                 .passes_max = UINT16_MAX,
                 .nak_percent_max = 100,
                 .nak_count_max = 1,
                 .cipher = UFTP_CIPHER_AES256_GCM,
                 .hash = UFTP_HASH_SHA256,
                 .ecdh_curve = UFTP_CURVE_SECP256R1},
        .public_address = "230.4.4.1",
        .port = "1044",
        .hops = 1,
        .log_level = UFTP_LOG_LEVEL_DEFAULT,
        .log_archives = UFTP_LOG_ARCHIVES_DEFAULT,
    };
    int first;
    uint64_t version = 5;
    int code = uftp_option_scan(&uftp_sender_option_table, argc, argv, take_wire, &version,
                                &options->action, &first, failure);
    if (code || options->action != UFTP_ACTION_RUN)
        return code;
    if (version == 4)
        uftp_options_v4_defaults(options);
    code = uftp_option_scan(&uftp_sender_option_table, argc, argv, take, options, &options->action,
                            &first, failure);
    if (code || options->action != UFTP_ACTION_RUN)
        return code;
    for (int i = first; i < argc && !code; i++)
        code = uftp_strings_add(&options->operands, argv[i], strlen(argv[i]), failure);
    if (!code)
        code = check(options, failure);
    if (!code && options->core.version == 4)
        code = uftp_options_v4_check(options, failure);
    return code;
}

static int load_operands(uftp_sender_options *o, uftp_failure *failure)
{
    const uftp_lines_rules rules = {.what = "file list",
                                    .count_max = UFTP_OPERANDS_MAX,
                                    .len_max =
                                        4095, /* what a path can be; names are checked later */
                                    .or_stdin = true};
    o->operands_unused = o->operands.count;
    uftp_strings_free(&o->operands);
    int code = uftp_lines_read(o->list_path, &rules, &o->operands, failure);
    if (!code && !o->operands.count)
        code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "file list %s is empty", o->list_path);
    return code;
}

static int load_restart(uftp_sender_options *o, uftp_failure *failure)
{
    uftp_restart restart;
    int code = uftp_restart_read(o->restart_path, &restart, failure);
    if (code) {
        uftp_restart_free(&restart);
        return code;
    }
    o->core.group = restart.group;
    o->core.instance = (uint8_t)(restart.instance + 1);
    o->operands = restart.operands;
    o->members = restart.members;
    return 0;
}

int uftp_sender_options_load(uftp_sender_options *options, uftp_failure *failure)
{
    const uftp_lines_rules excludes = {.what = "exclude list",
                                       .count_max = UFTP_SENDER_EXCLUDES_MAX,
                                       .len_max = UFTP_NAME_MAX - 1};
    int code = 0;
    if (options->restart_path)
        code = load_restart(options, failure);
    else if (options->list_path)
        code = load_operands(options, failure);
    if (!code && options->exclude_path)
        code = uftp_lines_read(options->exclude_path, &excludes, &options->excludes, failure);
    for (size_t i = 0; i < options->hosts.count && !code; i++)
        code = uftp_members_add(&options->members, options->hosts.items[i], false, failure);
    if (!code && options->hosts.count && !options->members.count)
        code = uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "-H/--hosts: no host in the list");
    if (!code && options->proxy_path)
        code = uftp_members_add_file(&options->members, options->proxy_path, true, failure);
    return code;
}

void uftp_sender_options_free(uftp_sender_options *options)
{
    free(options->destination_name);
    options->destination_name = NULL;
    uftp_strings_free(&options->hosts);
    uftp_strings_free(&options->base_dirs);
    uftp_strings_free(&options->operands);
    uftp_strings_free(&options->excludes);
    uftp_members_free(&options->members);
}
