/* SPDX-License-Identifier: MIT
 *
 * Names of the messages, and the lists inside them, which stay in network order where they were
 * received.
 */
#include <uftp/message.h>

#include "base/assert.h"
#include "wire/cursor.h"

#define MESSAGE_NAME(name, number) [number] = #name,

const char *uftp_message_name(uint8_t type)
{
    static const char *const names[] = {UFTP_MESSAGES(MESSAGE_NAME)};
    return type < sizeof names / sizeof *names && names[type] ? names[type] : "UNKNOWN";
}

uint32_t uftp_uid_list_get(const uftp_uid_list *list, size_t index)
{
    UFTP_ASSERT(list->bytes && index < list->count);
    return uftp_load_u32(list->bytes + 4 * index);
}

bool uftp_uid_list_contains(const uftp_uid_list *list, uint32_t uid)
{
    if (!list->bytes || uid == 0) /* spec v5 trap 51: UID 0 is nobody */
        return false;
    for (size_t i = 0; i < list->count; i++) {
        uint32_t listed = uftp_uid_list_get(list, i);
        if (listed == uid)
            return true;
        if (listed == 0)
            return false;
    }
    return false;
}

uint32_t uftp_keyinfo_entry(const uftp_keyinfo *keyinfo, size_t index, const uint8_t **sealed)
{
    UFTP_ASSERT(index < keyinfo->entry_count);
    const uint8_t *entry = keyinfo->entries + UFTP_KEYINFO_ENTRY_LEN * index;
    *sealed = entry + 4;
    return uftp_load_u32(entry);
}

uftp_cong_item uftp_cong_ctrl_item(const uftp_cong_ctrl *message, size_t index)
{
    UFTP_ASSERT(index < message->item_count);
    const uint8_t *item = message->items + UFTP_CONG_ITEM_LEN * index;
    return (uftp_cong_item){.client = uftp_load_u32(item), .flags = item[4], .rtt = item[5]};
}
