/* SPDX-License-Identifier: MIT
 *
 * What a link is made of. A model has one behaviour: it takes a packet at a time and hands zero or
 * more on to the next model, now or later. Models are chained; the last of a chain is a sink of the
 * world. A model owns its random stream and knows nothing of UFTP.
 *
 * Whatever waits, waits in the event queue, so every model sees its packets in the order of time.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "engine/packet.h"
#include "engine/queue.h"
#include "engine/random.h"

typedef struct sim_model sim_model;
typedef struct sim_flight sim_flight;
typedef struct sim_shared sim_shared;

/* Takes one figure of a report: "queue_peak_bytes", 30000. */
typedef void sim_tell(void *ctx, const char *name, uint64_t value);

/* What all models of a world share. */
typedef struct sim_medium {
    sim_queue *queue;
    uint64_t seed;
    sim_flight *spare;                /* flights to be used again */
    sim_flight *aloft;                /* all that are under way */
    sim_shared *shared, *shared_last; /* what several links use together, in order of creation */
    void (*dropped)(void *ctx, const sim_model *model, const sim_packet *packet); /* may be NULL */
    void *ctx;
} sim_medium;

typedef struct sim_model_type {
    const char *name; /* "loss": names its random stream too */
    /* Takes over one reference to the packet: hands it on, keeps it for later, or drops it. */
    void (*push)(sim_model *model, uint64_t now, sim_packet *packet);
    void (*free)(sim_model *model); /* frees what the model keeps, not the model; may be NULL */
    void (*tell)(const sim_model *model, sim_tell *tell, void *ctx); /* its own figures; or NULL */
} sim_model_type;

/* The first member of every model. */
struct sim_model {
    const sim_model_type *type;
    sim_medium *medium;
    sim_model *next;        /* in the chain; NULL only in a sink */
    const char *place;      /* "hub>plant": where it stands; lives as long as the model */
    uint64_t seen, dropped; /* counts */
};

/* A model of `size` bytes whose first member is a sim_model. */
void *sim_model_new(sim_medium *medium, const sim_model_type *type, const char *place, size_t size);
void sim_model_random(const sim_model *model, sim_random *random); /* its stream: "type/place" */
/* `seen`, `dropped`, and what else the model counts. */
void sim_model_tell(const sim_model *model, sim_tell *tell, void *ctx);
/* Frees a chain up to (not with) its sink. */
void sim_chain_free(sim_model *first, const sim_model *sink);

/* For the one before: hands a packet to `model`. */
void sim_model_push(sim_model *model, uint64_t now, sim_packet *packet);
/* For the model itself: on to the next one, at once, later, or never. */
void sim_model_forward(sim_model *model, uint64_t now, sim_packet *packet);
void sim_model_forward_at(sim_model *model, uint64_t at, sim_packet *packet);
void sim_model_drop(sim_model *model, sim_packet *packet);

/* ---- what several links use together: rain over a region, the carrier of a satellite ---- */

typedef struct sim_shared_type {
    const char *name; /* "fade": names its random stream, too */
    /* Frees the chains that it keeps; they may use other shared objects, so this is done for all
     * before the first is freed. May be NULL. */
    void (*free_chains)(sim_shared *shared);
    void (*free)(sim_shared *shared); /* frees what else it keeps, not itself; may be NULL */
    void (*tell)(const sim_shared *shared, sim_tell *tell, void *ctx); /* may be NULL */
    /* From now on it is asked about times up to this one from several threads, and in no order of
     * time. May be NULL. */
    void (*prepare)(sim_shared *shared, uint64_t until);
} sim_shared_type;

/* The first member of every such object. It lives as long as the medium, which frees it. */
struct sim_shared {
    const sim_shared_type *type;
    sim_medium *medium;
    sim_shared *next;
    char *name;
};

void *sim_shared_new(sim_medium *medium, const sim_shared_type *type, const char *name,
                     size_t size);
void sim_shared_random(const sim_shared *shared, sim_random *random); /* "type/name" */

/* Tells what is shared how far it will be asked. */
void sim_medium_prepare(sim_medium *medium, uint64_t until);
/* Ends all flights, frees what is shared. The chains have been freed before. */
void sim_medium_free(sim_medium *medium);

#endif
