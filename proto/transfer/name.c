/* SPDX-License-Identifier: MIT */
#include "transfer/name.h"

#include "base/assert.h"

#include <string.h>

/* The reference looks at the first ".." only and knows one separator (trap 62); we look at every
 * component, under both separators, because a name may end on a system that knows both. */
static bool climbs(const char *component, size_t len)
{
    size_t start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && component[i] != '\\')
            continue;
        if (i - start == 2 && component[start] == '.' && component[start + 1] == '.')
            return true;
        start = i + 1;
    }
    return false;
}

static bool is_dot(const char *component, size_t len)
{
    return len == 1 && component[0] == '.';
}

int uftp_name_clean(uftp_bytes name, char *out)
{
    if (name.len == 0 || memchr(name.data, 0, name.len))
        return UFTP_ERR_NAME;
    const char *text = (const char *)name.data;
    size_t used = 0, components = 0;
    bool absolute = text[0] == '/';
    for (size_t start = 0, end; start < name.len; start = end + 1) {
        for (end = start; end < name.len && text[end] != '/';)
            end++;
        const char *component = text + start;
        size_t len = end - start;
        if (len == 0 || is_dot(component, len))
            continue;
        if (len > UFTP_COMPONENT_MAX || climbs(component, len))
            return UFTP_ERR_NAME;
        if (absolute || components > 0)
            out[used++] = '/';
        memcpy(out + used, component, len);
        used += len;
        components++;
    }
    out[used] = '\0';
    return components > 0 ? UFTP_OK : UFTP_ERR_NAME;
}

const char *uftp_name_below(const char *name, const char *directory)
{
    size_t len = strlen(directory);
    if (strncmp(name, directory, len) != 0 || name[len] != '/' || name[len + 1] == '\0')
        return NULL;
    return name + len + 1;
}

size_t uftp_name_parent_len(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

static char *hex(char *at, uint32_t value, unsigned digits)
{
    for (unsigned i = digits; i-- > 0;)
        *at++ = "0123456789ABCDEF"[value >> 4 * i & 15];
    return at;
}

void uftp_name_temporary(const char *name, uint32_t group, uint16_t file_id, char *out,
                         size_t capacity)
{
    size_t parent = uftp_name_parent_len(name);
    size_t start = parent ? parent + 1 : 0;
    size_t len = strlen(name);
    if (len - start > UFTP_COMPONENT_MAX - UFTP_NAME_SUFFIX_LEN) {
        len = start + UFTP_COMPONENT_MAX - UFTP_NAME_SUFFIX_LEN;
        while (len > start + 1 && ((unsigned char)name[len] & 0xc0) == 0x80)
            len--; /* not in the middle of a character of UTF-8 */
    }
    UFTP_ASSERT(len + UFTP_NAME_SUFFIX_LEN < capacity);
    memcpy(out, name, len);
    char *at = out + len;
    memcpy(at, ".~uftp-", 7);
    at = hex(at + 7, group, 8);
    *at++ = '-';
    at = hex(at, file_id, 4);
    *at = '\0';
}

void uftp_name_group_folder(uint32_t group, char out[UFTP_GROUP_FOLDER_SIZE])
{
    memcpy(out, "_group_", 7);
    *hex(out + 7, group, 8) = '\0';
}
