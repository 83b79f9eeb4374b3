/* SPDX-License-Identifier: MIT */
#include "run/deeds.h"

#include <string.h>

typedef struct sim_stage_deed {
    const sim_deed_part *part;
    sim_stage *stage;
    sim_node *node;
    bool is_sender, is_receiver; /* or a proxy */
} sim_stage_deed;

/* ---- doing ---- */

static bool kill_node(const sim_stage_deed *deed, bool power)
{
    if (!sim_running(deed->node))
        return false;
    if (!deed->is_receiver)
        sim_stop(deed->node);
    else
        (void)sim_crash(deed->node, power);
    return true;
}

/* What names there are was seen as it was planned. */
static void lay(const sim_stage_deed *deed, const sim_place *place)
{
    char error[SIM_YAML_ERROR_MAX];
    if (!sim_names_lay(deed->stage->names, place, error))
        sim_fail(deed->stage->world, deed->node, "%s", error);
}

static void restore_line(void *ctx, uint64_t now)
{
    (void)now;
    const sim_stage_deed *deed = ctx;
    const sim_place place = sim_stage_place(deed->stage, deed->node);
    lay(deed, &place);
}

/* A way that the event does not speak of stays as it is. */
static void change_line(sim_stage_deed *deed, uint64_t now)
{
    const sim_deed_part *part = deed->part;
    if (part->deed == SIM_DEED_CUT) {
        const sim_link nothing = {.loss_ppm = 1000000};
        sim_uplink(deed->node, &nothing);
        sim_downlink(deed->node, &nothing);
    } else {
        sim_place place = sim_stage_place(deed->stage, deed->node);
        place.down = part->down.mark.at ? &part->down : place.down;
        place.up = part->up.mark.at ? &part->up : place.up;
        lay(deed, &place);
    }
    if (part->lasts)
        sim_at(deed->stage->world, now + part->lasts, restore_line, deed);
}

static void act(void *ctx, uint64_t now)
{
    sim_stage_deed *deed = ctx;
    const sim_deed_part *part = deed->part;
    sim_node *node = deed->node;
    switch ((sim_deed)part->deed) {
    case SIM_DEED_CRASH:
    case SIM_DEED_POWER:
        if (kill_node(deed, part->deed == SIM_DEED_POWER) && part->lasts)
            sim_start_at(node, now + part->lasts);
        break;
    case SIM_DEED_START:
        if (!sim_running(node))
            sim_start(node);
        break;
    case SIM_DEED_SHUTDOWN:
        if (sim_running(node))
            sim_shutdown(node);
        break;
    case SIM_DEED_INTERRUPT:
        if (sim_running(node))
            sim_interrupt(node);
        break;
    case SIM_DEED_FREEZE:
        sim_freeze(node, now + part->lasts);
        break;
    case SIM_DEED_REBIND:
        sim_nat_rebind(sim_node_nat(node));
        break;
    case SIM_DEED_CUT:
    case SIM_DEED_LINE:
        change_line(deed, now);
        break;
    case SIM_DEED_CLOCK:
        sim_step_clock(node, (int64_t)(part->lasts / UFTP_US(1)));
        break;
    case SIM_DEED_STEP:
        sim_step_clock(node, part->step / (int64_t)UFTP_US(1));
        break;
    case SIM_DEED_DRIFT:
        sim_set_drift(node, (int32_t)part->drift * 1000);
        break;
    }
}

/* ---- planning ---- */

static sim_node *find_node(const sim_stage *stage, const char *name)
{
    for (size_t i = 0; i < stage->sender_count; i++)
        if (strcmp(sim_name(stage->senders[i].node), name) == 0)
            return stage->senders[i].node;
    for (size_t i = 0; i < stage->proxy_count; i++)
        if (strcmp(sim_name(stage->proxies[i].node), name) == 0)
            return stage->proxies[i].node;
    for (size_t i = 0; i < stage->receiver_count; i++)
        if (strcmp(sim_name(stage->receivers[i].node), name) == 0)
            return stage->receivers[i].node;
    return NULL;
}

static const char *wrong_with(const sim_stage_deed *deed)
{
    const sim_deed_part *part = deed->part;
    bool has_line = part->down.mark.at || part->up.mark.at;
    if (part->deed != SIM_DEED_LINE && has_line)
        return "only with 'line' there is a new one";
    if (part->deed != SIM_DEED_STEP && part->step)
        return "only 'clock-step' steps";
    if (part->deed != SIM_DEED_DRIFT && sim_yaml_find(part->mark.at, "drift"))
        return "only with 'drift' there is one";
    switch ((sim_deed)part->deed) {
    case SIM_DEED_INTERRUPT:
        return deed->is_sender ? NULL : "only a sender can be interrupted";
    case SIM_DEED_SHUTDOWN:
        return deed->is_receiver ? NULL : "only a receiver can be shut down";
    case SIM_DEED_REBIND:
        return sim_node_nat(deed->node) ? NULL : "this node is behind no nat";
    case SIM_DEED_FREEZE:
    case SIM_DEED_CUT:
    case SIM_DEED_CLOCK:
        return part->lasts ? NULL : "needs 'for'";
    case SIM_DEED_STEP:
        return part->step ? NULL : "needs 'step'";
    case SIM_DEED_DRIFT:
        return sim_yaml_find(part->mark.at, "drift") ? NULL : "needs 'drift'";
    case SIM_DEED_LINE:
        return has_line ? NULL : "needs 'down' or 'up'";
    case SIM_DEED_CRASH:
    case SIM_DEED_POWER:
    case SIM_DEED_START:
        break;
    }
    return NULL;
}

static bool plan(sim_stage_deed *deed, char *error)
{
    const sim_deed_part *part = deed->part;
    deed->node = find_node(deed->stage, part->node);
    if (!deed->node)
        return sim_yaml_refuse(sim_yaml_find(part->mark.at, "node"), error, "no node is named '%s'",
                               part->node);
    deed->is_sender = sim_stage_is_sender(deed->stage, deed->node);
    deed->is_receiver =
        sim_stage_receiver_of(deed->stage, deed->node) < deed->stage->receiver_count;
    const char *wrong = wrong_with(deed);
    if (wrong)
        return sim_yaml_refuse(sim_yaml_find(part->mark.at, "do"), error, "%s", wrong);
    sim_link link;
    if (!sim_names_link(deed->stage->names, &part->down, &link, error) ||
        !sim_names_link(deed->stage->names, &part->up, &link, error))
        return false;
    if (part->deed == SIM_DEED_CUT || part->deed == SIM_DEED_LINE)
        sim_set_no_lane(deed->node);
    sim_at(deed->stage->world, part->at, act, deed);
    return true;
}

bool sim_deeds_plan(sim_stage *stage, char error[SIM_YAML_ERROR_MAX])
{
    const sim_list *deeds = &stage->scenario->deeds;
    stage->deeds = sim_allocate(deeds->count * sizeof *stage->deeds + 1);
    for (size_t i = 0; i < deeds->count; i++) {
        stage->deeds[i] =
            (sim_stage_deed){.part = (const sim_deed_part *)deeds->items + i, .stage = stage};
        if (!plan(&stage->deeds[i], error))
            return false;
    }
    return true;
}
