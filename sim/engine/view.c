/* SPDX-License-Identifier: MIT */
#include "engine/view.h"

#include "engine/memory.h"
#include "engine/packet.h"

#include <string.h>

_Thread_local unsigned sim_thread;
_Thread_local sim_view *sim_view_received;

sim_view *sim_packet_view(sim_packet *packet)
{
    sim_view **view = &packet->views[sim_thread];
    if (!*view) {
        *view = sim_allocate(sizeof **view + packet->len);
        (*view)->len = packet->len;
        (*view)->sealed = packet->bytes;
    }
    return *view;
}

void sim_view_fill(sim_view *view)
{
    memcpy(view->bytes, view->sealed, view->len);
    view->filled = true;
    view->key = 0;
    view->block = NULL;
}
