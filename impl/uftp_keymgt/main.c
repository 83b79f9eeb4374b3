/* SPDX-License-Identifier: MIT
 *
 * uftp_keymgt: makes private key files and tells their fingerprints (spec cli 5). What it says and
 * how it exits is what the reference does, so that scripts keep working: all of it goes to stderr,
 * and only a wrong command line exits with 1. Ours are the long options, RSA up to 4096 bits, and
 * the mode 0600 of a new file.
 */
#include "common/key_file.h"
#include "common/keys.h"
#include "common/options.h"
#include "runtime/entropy.h"
#include "runtime/heap.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

static const uftp_option options[] = {
    {'g', "generate", "KIND", NULL,
     "make a key and write it to FILE, mode 0600, which must not exist:\n"
     "ec:secp256r1, ec:secp384r1, ec:secp521r1, or rsa:1024 to rsa:4096 in steps of 32\n"
     "(beyond rsa:3072 no announcement has room for it)"},
    {'d', "delete", NULL, NULL, "delete the key from the system's store; does nothing on Unix"},
    {'m', "machine", NULL, NULL, "use the machine's key store; does nothing on Unix"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "print this and exit"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "print the version and exit"},
};
#define OPTIONS (sizeof options / sizeof *options)

static const uftp_option_table table = {.program = "uftp_keymgt",
                                        .synopsis = "FILE...\n-g KIND FILE\n-d FILE",
                                        .summary =
                                            "Tells the fingerprints of private keys, or makes one.",
                                        .items = options,
                                        .count = OPTIONS};

typedef struct choice {
    const char *generate; /* the kind as given; NULL: none */
    bool delete;
    bool help, version;
} choice;

static void print_key(const char *file, const uftp_key *key)
{
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
    char text[UFTP_FINGERPRINT_TEXT_MAX];
    uftp_key_spec spec;
    uftp_bytes blob = uftp_key_blob(key);
    uftp_fingerprint(blob.data, blob.len, fingerprint);
    uftp_fingerprint_format(fingerprint, text);
    uftp_key_describe(key, &spec);
    if (spec.type == UFTP_KEY_RSA)
        fprintf(stderr, "%s: RSA, %u bits, fingerprint: %s\n", file, (unsigned)spec.bits, text);
    else
        fprintf(stderr, "%s: ECDSA, curve %s, fingerprint: %s\n", file, uftp_curve_name(spec.curve),
                text);
}

static const char *reason(int err)
{
    return err == UFTP_ERR_ACCESS || err == UFTP_ERR_IO ? strerror(errno) : uftp_strerror(err);
}

static void show(const char *file)
{
    uftp_key *key;
    int err = uftp_key_file_read(file, &key);
    if (err < 0) {
        fprintf(stderr, "failed to open key file: %s\n%s: no such key\n", reason(err), file);
        return;
    }
    print_key(file, key);
    uftp_key_free(key);
}

static void create(const char *file, const uftp_key_spec *spec)
{
    uftp_entropy entropy;
    uftp_key *key = NULL;
    uftp_entropy_init(&entropy);
    int err = uftp_key_generate(&uftp_heap, &entropy.random, spec, &key);
    uftp_entropy_wipe(&entropy);
    if (err == UFTP_OK)
        err = uftp_key_file_create(file, key);
    if (err == UFTP_OK)
        print_key(file, key);
    else if (err == UFTP_ERR_ACCESS && errno == EEXIST)
        fprintf(stderr, "Private key file already exists, won't overwrite\n");
    else
        fprintf(stderr, "failed to open key file: %s\n", reason(err));
    if (err < 0)
        fprintf(stderr, "Error generating/storing key\n");
    uftp_key_free(key);
}

/* Says what is wrong in the words of the reference. */
static bool parse_spec(const char *text, uftp_key_spec *spec)
{
    if (uftp_key_spec_parse(text, spec) == UFTP_OK)
        return true;
    if (strncmp(text, "rsa:", 4) == 0)
        fprintf(stderr, "Invalid key size\n");
    else if (strncmp(text, "ec:", 3) == 0)
        fprintf(stderr, "Invalid curve\n");
    else
        fprintf(stderr, "Invalid key specification\n");
    return false;
}

/* An unknown option gets getopt's message, and the rest is done all the same: so does the
 * reference. */
static choice read_options(int argc, char **argv)
{
    struct option names[OPTIONS + 1] = {{0}};
    for (size_t i = 0; i < OPTIONS; i++)
        names[i] = (struct option){.name = options[i].name,
                                   .has_arg = options[i].argument ? required_argument : no_argument,
                                   .val = options[i].id};
    choice chosen = {0};
    int option;
    while ((option = getopt_long(argc, argv, "g:dm", names, NULL)) != -1) {
        if (option == 'g')
            chosen.generate = optarg;
        else if (option == 'd')
            chosen.delete = true;
        else if (option == UFTP_OPTION_HELP)
            chosen.help = true;
        else if (option == UFTP_OPTION_VERSION)
            chosen.version = true;
    }
    return chosen;
}

static int refuse(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return UFTP_EXIT_ARGUMENTS;
}

int main(int argc, char **argv)
{
    uftp_key_spec spec;
    choice chosen = read_options(argc, argv);
    if (chosen.help || chosen.version) {
        if (chosen.help)
            uftp_option_help(&table, stdout);
        else
            uftp_option_version(&table, stdout);
        return UFTP_EXIT_OK;
    }
    if (chosen.generate && !parse_spec(chosen.generate, &spec))
        return UFTP_EXIT_ARGUMENTS;
    if (chosen.generate && chosen.delete)
        return refuse("Can't specify both -g and -d");
    if ((chosen.generate || chosen.delete) && optind == argc)
        return refuse("No keyfile specified");

    uftp_key_protect_process();
    if (chosen.generate)
        create(argv[optind], &spec); /* further operands are left alone */
    else if (!chosen.delete)
        for (int i = optind; i < argc; i++)
            show(argv[i]);
    return UFTP_EXIT_OK;
}
