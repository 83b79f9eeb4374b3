/* SPDX-License-Identifier: MIT */
#include "engine/lane.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

/* So little work is not worth waking another thread for: datagrams times lanes. */
#define WORK_TO_SHARE 64

typedef struct membership {
    uftp_address group, source; /* source: family 0 for any */
    uint64_t from, until;       /* counts for what is sent at these times; until: not included */
} membership;

/* To this node alone. */
typedef struct letter {
    uint64_t at;
    size_t log_at; /* comes before the entry with this index */
    sim_packet *packet;
    sim_node *from;
} letter;

typedef struct posted {
    uint64_t at;
    sim_packet *packet;
} posted;

/* What was lost on the approach, by its sender. */
typedef struct losses {
    uint32_t from;
    uint64_t count[UFTP_MESSAGE_TYPE_MAX + 1], total;
} losses;

struct sim_lane {
    sim_node *node;
    sim_queue approach_queue, queue;
    sim_medium approach, medium;
    size_t number;
    sim_timer agenda; /* in step: armed for its next happening */
    membership *memberships;
    size_t membership_count, membership_capacity;
    letter *letters;
    size_t letter_count, letter_capacity;
    posted *posts;
    size_t post_count, post_capacity;
    losses *losses;
    size_t losses_count;
};

/* What a node sent to a group. */
typedef struct entry {
    uint64_t at;
    sim_packet *packet;
    sim_node *from;
} entry;

/* On its way into the world. */
typedef struct posting {
    uint64_t at;
    uint32_t node;
    uint32_t order; /* of this node's */
    sim_packet *packet;
} posting;

struct sim_lanes {
    sim_lane **lanes;
    size_t count;
    uint64_t lookahead; /* the shortest of all */
    sim_queue acts;     /* they may touch any node, so nobody runs ahead of them */
    sim_queue agenda;   /* in step: which lane has something to do next */
    entry *log;         /* what no lane has seen yet */
    size_t log_count, log_capacity;
    sim_packet **sent; /* from the log, until no lane holds them */
    size_t sent_first, sent_count, sent_capacity;
    posting *postings; /* in the order in which the world takes them in */
    size_t posting_first, posting_count, posting_capacity;
    bool letters;               /* some lane has one */
    uint64_t approach_end, end; /* of the stretch that is being run; not included */
    sim_pool *pool;
};

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t later_by(uint64_t at, uint64_t by)
{
    return at > UFTP_NEVER - by ? UFTP_NEVER : at + by;
}

static void agenda_due(sim_timer *timer, uint64_t now);

/* Room for one more. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? 2 * *capacity : 8;
    return sim_reallocate(items, *capacity * size);
}

/* ---- forming ---- */

/* Its way is long, and nothing on it or behind it belongs to others as well. */
static bool may_have_lane(const sim *world, const sim_node *node)
{
    const sim_link *down = &node->down_link;
    if (node->no_lane || node->nat || sim_is_attached(node) || down->carrier || down->contention ||
        down->delay < SIM_LOOKAHEAD_MIN)
        return false;
    for (size_t i = 0; i < world->node_count; i++) {
        const sim_node *from = world->nodes[i];
        if (node->index < from->pair_count && from->pairs[node->index])
            return false; /* connected by hand */
    }
    return true;
}

static sim_lane *lane_new(sim_node *node)
{
    sim *world = node->world;
    sim_lane *lane = sim_allocate(sizeof *lane);
    lane->node = node;
    sim_queue_init(&lane->approach_queue, world->queue.now);
    sim_queue_init(&lane->queue, world->queue.now);
    lane->approach = world->medium;
    lane->approach.queue = &lane->approach_queue;
    lane->approach.spare = lane->approach.aloft = NULL;
    lane->approach.dropped = sim_network_lane_dropped;
    lane->approach.ctx = node;
    lane->approach.shared = lane->approach.shared_last = NULL;
    lane->medium = lane->approach;
    lane->medium.queue = &lane->queue;
    uint64_t start = sim_queue_due(&world->queue, &node->start);
    sim_queue_cancel(&world->queue, &node->start);
    sim_queue_arm(&lane->queue, &node->start, start);
    node->lane = lane;
    node->queue = &lane->queue;
    return lane;
}

void sim_lanes_form(sim *world)
{
    sim_lanes *lanes = sim_allocate(sizeof *lanes);
    world->lanes = lanes;
    lanes->lookahead = UFTP_NEVER;
    lanes->lanes = sim_allocate(world->node_count * sizeof *lanes->lanes);
    sim_queue_init(&lanes->acts, world->queue.now);
    sim_queue_init(&lanes->agenda, world->queue.now);
    lanes->pool = sim_pool_new(world->options.threads ? world->options.threads : 1);
    for (size_t i = 0; i < world->node_count && !world->link.carrier && !world->link.contention;
         i++) {
        sim_node *node = world->nodes[i];
        if (!may_have_lane(world, node))
            continue;
        sim_lane *lane = lane_new(node);
        lane->number = lanes->count;
        lane->agenda.fire = agenda_due;
        lanes->lanes[lanes->count++] = lane;
        lanes->lookahead = earlier(lanes->lookahead, node->down_link.delay);
        sim_network_rebuild(node);
    }
    sim_move_acts(world, &lanes->acts);
}

void sim_lanes_free(sim *world)
{
    sim_lanes *lanes = world->lanes;
    if (!lanes)
        return;
    sim_pool_free(lanes->pool);
    for (size_t i = 0; i < lanes->count; i++) {
        sim_lane *lane = lanes->lanes[i];
        sim_medium_free(&lane->approach);
        sim_medium_free(&lane->medium);
        for (size_t l = 0; l < lane->letter_count; l++)
            sim_packet_free(lane->letters[l].packet);
        for (size_t p = 0; p < lane->post_count; p++)
            sim_packet_free(lane->posts[p].packet);
        sim_queue_free(&lane->approach_queue);
        sim_queue_free(&lane->queue);
        sim_release(lane->memberships);
        sim_release(lane->letters);
        sim_release(lane->posts);
        sim_release(lane->losses);
        sim_release(lane);
    }
    for (size_t i = lanes->posting_first; i < lanes->posting_count; i++)
        sim_packet_free(lanes->postings[i].packet);
    for (size_t i = 0; i < lanes->log_count; i++)
        sim_packet_unlog(lanes->log[i].packet);
    for (size_t i = lanes->sent_first; i < lanes->sent_count; i++)
        sim_packet_unlog(lanes->sent[i]);
    sim_queue_free(&lanes->acts);
    sim_queue_free(&lanes->agenda);
    sim_release(lanes->lanes);
    sim_release(lanes->log);
    sim_release(lanes->sent);
    sim_release(lanes->postings);
    sim_release(lanes);
    world->lanes = NULL;
}

sim_medium *sim_lane_approach(sim_lane *lane)
{
    return &lane->approach;
}

sim_medium *sim_lane_medium(sim_lane *lane)
{
    return &lane->medium;
}

/* ---- memberships ---- */

static bool hears(const membership *m, const uftp_address *group, const uftp_address *source)
{
    return sim_same_host(&m->group, group) &&
           (m->source.family == 0 || sim_same_host(&m->source, source));
}

void sim_lane_join(sim_lane *lane, const uftp_address *group, const uftp_address *source)
{
    lane->memberships = grow(lane->memberships, lane->membership_count, &lane->membership_capacity,
                             sizeof *lane->memberships);
    lane->memberships[lane->membership_count++] =
        (membership){.group = *group,
                     .source = source ? *source : (uftp_address){0},
                     .from = lane->queue.now,
                     .until = UFTP_NEVER};
}

bool sim_lane_leave(sim_lane *lane, const uftp_address *group, const uftp_address *source)
{
    for (size_t i = 0; i < lane->membership_count; i++) {
        membership *m = &lane->memberships[i];
        if (m->until != UFTP_NEVER || !sim_same_host(&m->group, group) ||
            !sim_same_host(&m->source, source))
            continue;
        m->until = lane->queue.now;
        return true;
    }
    return false;
}

void sim_lane_leave_all(sim_lane *lane)
{
    for (size_t i = 0; i < lane->membership_count; i++)
        lane->memberships[i].until = earlier(lane->memberships[i].until, lane->queue.now);
}

bool sim_lane_is_member(const sim_lane *lane, const uftp_address *group, const uftp_address *source)
{
    for (size_t i = 0; i < lane->membership_count; i++)
        if (lane->memberships[i].until == UFTP_NEVER && hears(&lane->memberships[i], group, source))
            return true;
    return false;
}

size_t sim_lane_membership_count(const sim_lane *lane)
{
    size_t count = 0;
    for (size_t i = 0; i < lane->membership_count; i++)
        count += lane->memberships[i].until == UFTP_NEVER;
    return count;
}

/* Whether the node is a member for what is sent at `now`; what ended earlier is forgotten. */
static bool listens(sim_lane *lane, uint64_t now, const sim_packet *packet)
{
    for (size_t i = 0; i < lane->membership_count;) {
        membership *m = &lane->memberships[i];
        if (m->until <= now) {
            *m = lane->memberships[--lane->membership_count];
            continue;
        }
        if (m->from <= now && hears(m, &packet->destination, &packet->source))
            return true;
        i++;
    }
    return false;
}

void sim_lane_relink(sim_lane *lane, const sim_link *link)
{
    sim_lanes *lanes = lane->node->world->lanes;
    UFTP_ASSERT(link->delay > 0 && !link->carrier && !link->contention);
    lanes->lookahead = earlier(lanes->lookahead, link->delay);
}

/* ---- between the world and the lanes ---- */

void sim_lanes_send_to_group(sim_node *from, uint64_t now, sim_packet *packet)
{
    sim_lanes *lanes = from->world->lanes;
    if (!lanes || lanes->count == 0)
        return;
    sim_network_prepare_pairs(from);
    /* One of its own, which only the log and the lanes hold. */
    packet = sim_packet_alter(sim_packet_share(packet));
    sim_packet_log(packet);
    lanes->log = grow(lanes->log, lanes->log_count, &lanes->log_capacity, sizeof *lanes->log);
    lanes->log[lanes->log_count++] = (entry){.at = now, .packet = packet, .from = from};
}

void sim_lane_send(sim_lane *lane, sim_node *from, uint64_t now, sim_packet *packet)
{
    sim_lanes *lanes = from->world->lanes;
    sim_network_prepare_pairs(from);
    lane->letters =
        grow(lane->letters, lane->letter_count, &lane->letter_capacity, sizeof *lane->letters);
    lane->letters[lane->letter_count++] = (letter){
        .at = now, .log_at = lanes->log_count, .packet = sim_packet_share(packet), .from = from};
    lanes->letters = true;
}

void sim_lane_post(sim_lane *lane, uint64_t now, sim_packet *packet)
{
    lane->posts = grow(lane->posts, lane->post_count, &lane->post_capacity, sizeof *lane->posts);
    lane->posts[lane->post_count++] = (posted){.at = now, .packet = packet};
}

static int compare(const void *left, const void *right)
{
    const posting *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void collect(sim_lanes *lanes, sim_lane *lane)
{
    for (size_t i = 0; i < lane->post_count; i++) {
        lanes->postings = grow(lanes->postings, lanes->posting_count, &lanes->posting_capacity,
                               sizeof *lanes->postings);
        lanes->postings[lanes->posting_count++] = (posting){.at = lane->posts[i].at,
                                                            .node = lane->node->index,
                                                            .order = (uint32_t)i,
                                                            .packet = lane->posts[i].packet};
    }
    lane->post_count = 0;
}

/* All that lanes sent earlier has been taken in. */
static void sort_postings(sim_lanes *lanes)
{
    if (lanes->posting_count > 1)
        qsort(lanes->postings, lanes->posting_count, sizeof *lanes->postings, compare);
}

/* What every lane has seen waits until none of them holds it any more. */
static void turn_log(sim_lanes *lanes)
{
    for (size_t i = 0; i < lanes->log_count; i++) {
        if (lanes->sent_count == lanes->sent_capacity && lanes->sent_first > 0) {
            lanes->sent_count -= lanes->sent_first;
            memmove(lanes->sent, lanes->sent + lanes->sent_first,
                    lanes->sent_count * sizeof *lanes->sent);
            lanes->sent_first = 0;
        }
        lanes->sent =
            grow(lanes->sent, lanes->sent_count, &lanes->sent_capacity, sizeof *lanes->sent);
        lanes->sent[lanes->sent_count++] = lanes->log[i].packet;
    }
    lanes->log_count = 0;
    while (lanes->sent_first < lanes->sent_count &&
           !sim_packet_held(lanes->sent[lanes->sent_first]))
        sim_packet_unlog(lanes->sent[lanes->sent_first++]);
}

void sim_lane_count_dropped(sim_lane *lane, const sim_packet *packet, uint8_t message)
{
    size_t i = 0;
    while (i < lane->losses_count && lane->losses[i].from != packet->from)
        i++;
    if (i == lane->losses_count) {
        lane->losses = sim_reallocate(lane->losses, ++lane->losses_count * sizeof *lane->losses);
        lane->losses[i] = (losses){.from = packet->from};
    }
    lane->losses[i].count[message]++;
    lane->losses[i].total++;
}

/* The senders' counters, once the lanes stand still. */
static void settle_losses(sim *world)
{
    for (size_t l = 0; l < world->lanes->count; l++) {
        sim_lane *lane = world->lanes->lanes[l];
        for (size_t i = 0; i < lane->losses_count; i++) {
            sim_counters *c = &world->nodes[lane->losses[i].from]->counters;
            for (size_t m = 0; m <= UFTP_MESSAGE_TYPE_MAX; m++)
                c->lost[m] += lane->losses[i].count[m];
            c->lost_total += lane->losses[i].total;
        }
        lane->losses_count = 0;
    }
}

/* ---- one lane ---- */

static void enter(sim_lane *lane, uint64_t at, sim_node *from, sim_packet *packet)
{
    while (sim_queue_step(&lane->approach_queue, at))
        ;
    sim_queue_advance(&lane->approach_queue, at);
    sim_network_fork(from, lane->node, at, packet);
}

static void run_approach(sim_lanes *lanes, sim_lane *lane)
{
    size_t letters = 0;
    for (size_t i = 0; i <= lanes->log_count; i++) {
        for (; letters < lane->letter_count && lane->letters[letters].log_at == i; letters++) {
            const letter *l = &lane->letters[letters];
            enter(lane, l->at, l->from, l->packet);
            sim_packet_free(l->packet);
        }
        if (i == lanes->log_count)
            break;
        const entry *e = &lanes->log[i];
        if (e->from != lane->node && e->packet->destination.port == lane->node->port &&
            listens(lane, e->at, e->packet))
            enter(lane, e->at, e->from, e->packet);
    }
    lane->letter_count = 0;
    while (sim_queue_step(&lane->approach_queue, lanes->approach_end - 1))
        ;
}

static uint64_t lane_next(const sim_lane *lane)
{
    return earlier(sim_queue_next(&lane->approach_queue), sim_queue_next(&lane->queue));
}

static void run_lane(void *ctx, size_t index)
{
    sim *world = ctx;
    sim_lanes *lanes = world->lanes;
    sim_lane *lane = lanes->lanes[index];
    lane->queue.early = true; /* what arrives comes before the node's own timers */
    run_approach(lanes, lane);
    lane->queue.early = false;
    while (sim_queue_step(&lane->queue, lanes->end - 1))
        ;
}

/* ---- all lanes ---- */

static bool in_step(const sim *world)
{
    return world->options.lanes == SIM_LANES_IN_STEP;
}

static bool has_mail(const sim_lanes *lanes)
{
    return lanes->log_count > 0 || lanes->letters;
}

static uint64_t lanes_next(const sim *world)
{
    const sim_lanes *lanes = world->lanes;
    if (has_mail(lanes))
        return world->queue.now;
    if (in_step(world))
        return sim_queue_next(&lanes->agenda);
    uint64_t next = UFTP_NEVER;
    for (size_t i = 0; i < lanes->count; i++)
        next = earlier(next, lane_next(lanes->lanes[i]));
    return next;
}

/* The world's own next happening, but for actions. */
static uint64_t world_next(const sim *world)
{
    const sim_lanes *lanes = world->lanes;
    uint64_t post = lanes->posting_first < lanes->posting_count
                        ? lanes->postings[lanes->posting_first].at
                        : UFTP_NEVER;
    return earlier(post, sim_queue_next(&world->queue));
}

/* Nothing is sent into the network before this time: by the world, by a lane's node, nor by one
 * that what is on its approach reaches over the long way. */
static uint64_t sends_next(const sim *world)
{
    const sim_lanes *lanes = world->lanes;
    uint64_t node = UFTP_NEVER, approach = UFTP_NEVER;
    for (size_t i = 0; i < lanes->count; i++) {
        const sim_lane *lane = lanes->lanes[i];
        node = earlier(node, sim_queue_next(&lane->queue));
        approach = earlier(approach, sim_queue_next(&lane->approach_queue));
        if (lane->letter_count)
            approach = earlier(approach, lane->letters[0].at);
    }
    if (lanes->log_count)
        approach = earlier(approach, lanes->log[0].at);
    return earlier(world_next(world), earlier(node, later_by(approach, lanes->lookahead)));
}

static void put_on_agenda(sim_lanes *lanes, sim_lane *lane)
{
    uint64_t next = lane_next(lane);
    if (next != sim_queue_due(&lanes->agenda, &lane->agenda))
        sim_queue_arm(&lanes->agenda, &lane->agenda, next);
}

static void agenda_due(sim_timer *timer, uint64_t now)
{
    (void)now;
    sim_lane *lane = SIM_OWNER(timer, sim_lane, agenda);
    sim *world = lane->node->world;
    run_lane(world, lane->number);
    put_on_agenda(world->lanes, lane);
    collect(world->lanes, lane);
}

static void run_lanes_in_step(sim *world, bool mail)
{
    sim_lanes *lanes = world->lanes;
    if (mail) {
        for (size_t i = 0; i < lanes->count; i++) {
            run_lane(world, i);
            put_on_agenda(lanes, lanes->lanes[i]);
            collect(lanes, lanes->lanes[i]);
        }
        return;
    }
    while (sim_queue_step(&lanes->agenda, lanes->end - 1))
        ;
}

static void run_lanes(sim *world, uint64_t approach_end, uint64_t end)
{
    sim_lanes *lanes = world->lanes;
    bool mail = has_mail(lanes);
    lanes->approach_end = approach_end;
    lanes->end = end;
    UFTP_ASSERT(lanes->posting_first == lanes->posting_count);
    lanes->posting_first = lanes->posting_count = 0;
    if (in_step(world)) {
        run_lanes_in_step(world, mail);
    } else if ((lanes->log_count + lanes->sent_count - lanes->sent_first) * lanes->count <
               WORK_TO_SHARE) {
        for (size_t i = 0; i < lanes->count; i++)
            run_lane(world, i);
    } else {
        sim_medium_prepare(&world->medium, approach_end - 1);
        sim_pool_run(lanes->pool, run_lane, world, lanes->count);
    }
    lanes->letters = false;
    turn_log(lanes);
    for (size_t i = 0; !in_step(world) && i < lanes->count; i++)
        collect(lanes, lanes->lanes[i]);
    sort_postings(lanes);
}

void sim_lanes_begin(sim *world)
{
    sim_lanes *lanes = world->lanes;
    for (size_t i = 0; in_step(world) && i < lanes->count; i++)
        put_on_agenda(lanes, lanes->lanes[i]);
}

/* ---- the world ---- */

static void take_in(sim *world)
{
    sim_lanes *lanes = world->lanes;
    const posting *p = &lanes->postings[lanes->posting_first++];
    UFTP_ASSERT(p->at >= world->queue.now);
    sim_queue_advance(&world->queue, p->at);
    sim_network_post(world->nodes[p->node], p->at, p->packet);
}

static void run_world(sim *world, uint64_t end)
{
    sim_lanes *lanes = world->lanes;
    for (;;) {
        while (lanes->posting_first < lanes->posting_count &&
               lanes->postings[lanes->posting_first].at < end &&
               lanes->postings[lanes->posting_first].at <= sim_queue_next(&world->queue))
            take_in(world);
        uint64_t post = lanes->posting_first < lanes->posting_count
                            ? lanes->postings[lanes->posting_first].at
                            : UFTP_NEVER;
        if (post <= sim_queue_next(&world->queue) || !sim_queue_step(&world->queue, end - 1))
            return;
    }
}

void sim_lanes_advance(sim *world, uint64_t now)
{
    sim_lanes *lanes = world->lanes;
    sim_queue_advance(&world->queue, now);
    sim_queue_advance(&lanes->acts, now);
    for (size_t i = 0; i < lanes->count; i++) {
        sim_queue_advance(&lanes->lanes[i]->approach_queue, now);
        sim_queue_advance(&lanes->lanes[i]->queue, now);
    }
    settle_losses(world);
}

static void act(sim *world, uint64_t at)
{
    sim_lanes *lanes = world->lanes;
    sim_lanes_advance(world, at);
    sim_queue_step(&lanes->acts, at);
    sim_lanes_begin(world);
}

bool sim_lanes_step(sim *world, uint64_t end)
{
    sim_lanes *lanes = world->lanes;
    uint64_t next = sim_lanes_next(world), acts = sim_queue_next(&lanes->acts);
    if (next > end)
        return false;
    uint64_t stop = earlier(later_by(end, 1), later_by(acts, 1)), sending = next;
    if (!in_step(world)) {
        sending = sends_next(world);
        stop = earlier(stop, later_by(next, SIM_AHEAD_MAX));
        stop = earlier(stop, later_by(sending, lanes->lookahead));
    } else {
        stop = earlier(stop, later_by(next, 1));
    }
    run_lanes(world, earlier(stop, later_by(sending, 1)), stop);
    run_world(world, stop);
    if (acts < stop && !has_mail(lanes) && world_next(world) > acts && lanes_next(world) > acts)
        act(world, acts);
    return true;
}

uint64_t sim_lanes_next(const sim *world)
{
    uint64_t acts = sim_queue_next(&world->lanes->acts);
    return earlier(acts, earlier(world_next(world), lanes_next(world)));
}

uint64_t sim_lanes_latest(const sim *world)
{
    const sim_lanes *lanes = world->lanes;
    uint64_t latest = world->queue.now > lanes->acts.now ? world->queue.now : lanes->acts.now;
    for (size_t i = 0; i < lanes->count; i++) {
        const sim_lane *lane = lanes->lanes[i];
        if (lane->queue.now > latest)
            latest = lane->queue.now;
        if (lane->approach_queue.now > latest)
            latest = lane->approach_queue.now;
    }
    return latest;
}

uint64_t sim_lanes_steps(const sim *world)
{
    uint64_t steps = world->lanes->acts.fired;
    for (size_t i = 0; i < world->lanes->count; i++)
        steps += world->lanes->lanes[i]->queue.fired + world->lanes->lanes[i]->approach_queue.fired;
    return steps;
}
