/* SPDX-License-Identifier: MIT
 *
 * A sender's beginning and end: the configuration is checked, completed with defaults and copied.
 */
#include "session/sender_internal.h"

static size_t strings_len(const char *const *strings, size_t count)
{
    size_t len = count * sizeof *strings;
    for (size_t i = 0; i < count; i++)
        len += strlen(strings[i]) + 1;
    return len;
}

/* Copies a list into the block: pointers from the front, text from `text` on. */
static const char *const *copy_strings(char ***pointers, char **text, const char *const *strings,
                                       size_t count)
{
    char **copy = *pointers;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(strings[i]) + 1;
        memcpy(*text, strings[i], len);
        copy[i] = *text;
        *text += len;
    }
    *pointers += count;
    return (const char *const *)copy;
}

static int copy_config(uftp_sender *sender, const uftp_sender_config *from)
{
    uftp_sender_config *config = &sender->config;
    *config = *from;
    size_t name_len = from->destination_name ? strlen(from->destination_name) + 1 : 0;
    sender->strings = uftp_alloc(from->memory, 1,
                                 strings_len(from->operands, from->operand_count) +
                                     strings_len(from->base_dirs, from->base_dir_count) +
                                     strings_len(from->excludes, from->exclude_count) + name_len);
    if (!sender->strings)
        return UFTP_ERR_MEMORY;
    char **pointers = sender->strings;
    char *text =
        (char *)(pointers + from->operand_count + from->base_dir_count + from->exclude_count);
    config->operands = copy_strings(&pointers, &text, from->operands, from->operand_count);
    config->base_dirs = copy_strings(&pointers, &text, from->base_dirs, from->base_dir_count);
    config->excludes = copy_strings(&pointers, &text, from->excludes, from->exclude_count);
    if (name_len) {
        memcpy(text, from->destination_name, name_len);
        config->destination_name = text;
    }
    config->members = NULL; /* they live in the client table */
    return UFTP_OK;
}

#define DEFAULT(field, value) \
    do { \
        if ((field) == 0) \
            (field) = (value); \
    } while (0)

static void apply_defaults(uftp_sender_config *config)
{
    DEFAULT(config->block_size, UFTP_BLOCK_SIZE_DEFAULT);
    DEFAULT(config->rate_bytes_per_s, 128000);
    DEFAULT(config->robust, 20);
    DEFAULT(config->grtt_initial, UFTP_MS(500));
    DEFAULT(config->grtt_min, UFTP_MS(10));
    DEFAULT(config->grtt_max, UFTP_S(15));
    DEFAULT(config->passes_max, UINT16_MAX);
    DEFAULT(config->nak_count_max, 1);
    DEFAULT(config->cipher, UFTP_CIPHER_AES256_GCM);
    DEFAULT(config->hash, UFTP_HASH_SHA256);
    DEFAULT(config->ecdh_curve, UFTP_CURVE_SECP256R1);
    DEFAULT(config->version, 5);
    DEFAULT(config->sigtype, UFTP_SIGTYPE_HMAC);
    if (config->key_exchange == 0 && config->key) {
        uftp_key_spec spec;
        uftp_key_describe(config->key, &spec);
        config->key_exchange =
            spec.type == UFTP_KEY_EC ? UFTP_KEY_EXCHANGE_ECDH_ECDSA : UFTP_KEY_EXCHANGE_ECDH_RSA;
    }
    while (config->group == 0) /* zero is what a free slot looks like (spec v5 3.13) */
        config->group = (uint32_t)uftp_random_below(config->random, (uint64_t)UINT32_MAX + 1);
    if (config->sync_preview)
        config->sync_mode = true;
}

static bool rates_allowed(const uftp_sender_config *config)
{
    uint64_t most = config->rate_max ? config->rate_max : UINT64_MAX;
    uint64_t first = config->rate_initial ? config->rate_initial : config->rate_min;
    return (config->congestion_control == UFTP_CC_NONE ||
            config->congestion_control == UFTP_CC_TFMCC) &&
           config->rate_min <= first && first <= most;
}

static bool config_allowed(const uftp_sender_config *config)
{
    const uftp_address *public_address = &config->public_address;
    bool multicast = uftp_address_is_multicast(public_address);
    return config->uid != 0 && public_address->port != 0 &&
           (config->version == 4 || config->version == 5) &&
           (public_address->family == UFTP_IPV4 || public_address->family == UFTP_IPV6) &&
           (!multicast || (config->private_address.family == public_address->family &&
                           uftp_address_is_multicast(&config->private_address))) &&
           config->block_size >= UFTP_BLOCK_SIZE_MIN && config->block_size <= UFTP_BLOCK_SIZE_MAX &&
           config->robust >= 1 && config->grtt_min >= UFTP_MS(1) &&
           config->grtt_min <= config->grtt_initial && config->grtt_initial <= config->grtt_max &&
           config->grtt_max <= UFTP_S(1000) && config->nak_percent_max <= 100 &&
           config->operand_count <= UFTP_OPERANDS_MAX && (config->plain || config->key) &&
           rates_allowed(config);
}

static int add_members(uftp_sender *sender, const uftp_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uftp_member *member = &members[i];
        uftp_client *client;
        if (member->uid == 0)
            return UFTP_ERR_ARGUMENT;
        int err = uftp_clients_add(&sender->clients, member->uid, member->name, member->is_proxy,
                                   &client);
        if (err < 0)
            return err == UFTP_ERR_EXISTS ? UFTP_ERR_ARGUMENT : err;
        client->listed = true;
        client->has_fingerprint = member->has_fingerprint;
        memcpy(client->fingerprint, member->fingerprint, sizeof client->fingerprint);
    }
    return UFTP_OK;
}

int uftp_sender_create(const uftp_sender_config *config, uint64_t now, uftp_sender **out)
{
    UFTP_ASSERT(config->memory && config->random && config->source);
    uftp_sender *sender = uftp_alloc(config->memory, 1, sizeof *sender);
    if (!sender)
        return UFTP_ERR_MEMORY;
    sender->config.memory = config->memory;
    uftp_clients_init(&sender->clients, config->memory, config->random);
    uftp_event_queue_init(&sender->events, config->memory);
    int err = copy_config(sender, config);
    if (err < 0)
        goto fail;
    apply_defaults(&sender->config);
    err = add_members(sender, config->members, config->member_count);
    if (err < 0)
        goto fail;
    const uftp_sender_config *own = &sender->config; /* from here on only the copy counts */
    err = UFTP_ERR_ARGUMENT;
    if (!config_allowed(own))
        goto fail;
    sender->wire = own->version == 4 ? &uftp_wire_v4 : &uftp_wire_v5;
    sender->created = now;
    sender->encrypted = !own->plain;
    sender->unicast = !uftp_address_is_multicast(&own->public_address);
    sender->group_address = sender->unicast ? own->public_address : own->private_address;
    sender->group_address.port = own->public_address.port;
    sender->ip_overhead = own->public_address.family == UFTP_IPV6 ? 48 : 28;
    uftp_grtt_init(&sender->grtt, own->grtt_initial, own->grtt_min, own->grtt_max);
    uftp_sender_congestion_init(sender, now);
    uftp_manifest_init(&sender->manifest,
                       &(uftp_manifest_config){
                           .source = own->source,
                           .operands = own->operands,
                           .operand_count = own->operand_count,
                           .base_dirs = own->base_dirs,
                           .base_dir_count = own->base_dir_count,
                           .excludes = own->excludes,
                           .exclude_count = own->exclude_count,
                           .destination_name = own->destination_name,
                           .destination_is_directory = own->destination_is_directory,
                           .follow_links = own->follow_links,
                       });
    err = UFTP_ERR_MEMORY;
    sender->scratch = uftp_alloc(own->memory, own->block_size, 1);
    if (!sender->scratch)
        goto fail;
    if (sender->encrypted) {
        err = uftp_sender_keys_init(sender);
        if (err < 0)
            goto fail;
    }
    err = UFTP_ERR_ARGUMENT; /* a signature on each packet leaves less room for the block */
    if (uftp_sender_data_wire_len(sender) - sender->ip_overhead > UFTP_DATAGRAM_MAX)
        goto fail;
    uftp_sender_announce_begin(sender, now);
    *out = sender;
    return UFTP_OK;
fail:
    uftp_sender_destroy(sender);
    return err;
}

void uftp_sender_destroy(uftp_sender *sender)
{
    if (!sender)
        return;
    const uftp_allocator *memory = sender->config.memory;
    uftp_sender_file_release(sender);
    if (sender->manifest.depth > 0)
        uftp_manifest_end(&sender->manifest);
    uftp_sender_keys_free(sender);
    uftp_clients_free(&sender->clients);
    uftp_event_queue_free(&sender->events);
    uftp_release(memory, sender->scratch);
    uftp_release(memory, sender->strings);
    uftp_release(memory, sender);
}
