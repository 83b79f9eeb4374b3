/* SPDX-License-Identifier: MIT */
#include "runtime/membership.h"

#include <stdlib.h>

typedef struct joined_group {
    uftp_address group;
    uftp_address source; /* family 0: any */
    unsigned users;
} joined_group;

typedef struct index_set {
    uint32_t items[UFTP_NETIF_MAX];
    size_t count;
} index_set;

struct uftp_membership {
    uftp_socket *socket;
    index_set v4, v6;
    joined_group *groups;
    size_t count;
};

int uftp_membership_create(uftp_socket *socket, const uftp_netif_list *interfaces,
                           uftp_membership **out)
{
    uftp_membership *m = calloc(1, sizeof *m);
    if (!m)
        return UFTP_ERR_MEMORY;
    m->socket = socket;
    m->v4.count = uftp_netif_indices(interfaces, UFTP_IPV4, m->v4.items, UFTP_NETIF_MAX);
    m->v6.count = uftp_netif_indices(interfaces, UFTP_IPV6, m->v6.items, UFTP_NETIF_MAX);
    *out = m;
    return UFTP_OK;
}

static const index_set *interfaces_for(const uftp_membership *m, const uftp_address *group)
{
    return group->family == UFTP_IPV6 ? &m->v6 : &m->v4;
}

static bool has_source(const uftp_address *source)
{
    return source && source->family;
}

static joined_group *find(uftp_membership *m, const uftp_address *group, const uftp_address *source)
{
    for (size_t i = 0; i < m->count; i++) {
        joined_group *g = &m->groups[i];
        bool same = uftp_address_same_host(&g->group, group) && g->group.scope == group->scope &&
                    has_source(source) == has_source(&g->source);
        if (same && has_source(source))
            same = uftp_address_same_host(&g->source, source);
        if (same)
            return g;
    }
    return NULL;
}

/* A group with a zone is joined there only. */
static bool is_in_zone(const uftp_address *group, uint32_t interface_index)
{
    return !group->scope || group->scope == interface_index;
}

static int join_everywhere(uftp_membership *m, const uftp_address *group,
                           const uftp_address *source)
{
    const index_set *on = interfaces_for(m, group);
    int first_error = UFTP_ERR_NOT_FOUND;
    bool joined = false;
    for (size_t i = 0; i < on->count; i++) {
        if (!is_in_zone(group, on->items[i]))
            continue;
        int err = uftp_socket_join(m->socket, group, source, on->items[i]);
        if (!err || err == UFTP_ERR_EXISTS)
            joined = true;
        else if (first_error == UFTP_ERR_NOT_FOUND)
            first_error = err;
    }
    return joined ? UFTP_OK : first_error;
}

static void leave_everywhere(uftp_membership *m, const uftp_address *group,
                             const uftp_address *source)
{
    const index_set *on = interfaces_for(m, group);
    for (size_t i = 0; i < on->count; i++)
        if (is_in_zone(group, on->items[i])) /* which may be gone: nothing left to leave */
            (void)uftp_socket_leave(m->socket, group, source, on->items[i]);
}

int uftp_membership_join(uftp_membership *m, const uftp_address *group, const uftp_address *source)
{
    if (!uftp_address_is_multicast(group))
        return UFTP_ERR_KIND;
    joined_group *known = find(m, group, source);
    if (known) {
        known->users++;
        return UFTP_OK;
    }
    joined_group *groups = realloc(m->groups, (m->count + 1) * sizeof *groups);
    if (!groups)
        return UFTP_ERR_MEMORY;
    m->groups = groups;
    int err = join_everywhere(m, group, source);
    if (err)
        return err;
    groups[m->count] = (joined_group){.group = *group, .users = 1};
    if (has_source(source))
        groups[m->count].source = *source;
    m->count++;
    return UFTP_OK;
}

int uftp_membership_leave(uftp_membership *m, const uftp_address *group, const uftp_address *source)
{
    joined_group *known = find(m, group, source);
    if (!known)
        return UFTP_ERR_NOT_FOUND;
    if (--known->users)
        return UFTP_OK;
    leave_everywhere(m, group, source);
    *known = m->groups[--m->count];
    return UFTP_OK;
}

void uftp_membership_destroy(uftp_membership *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        leave_everywhere(m, &m->groups[i].group, &m->groups[i].source);
    free(m->groups);
    free(m);
}
