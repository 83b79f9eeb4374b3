/* SPDX-License-Identifier: MIT
 *
 * Independent loss: each packet is lost with the same chance, whatever happened before.
 */
#ifndef SIM_LOSS_H
#define SIM_LOSS_H

#include "models/model.h"

/* `loss_ppm`: of a million packets so many are lost on average. */
sim_model *sim_loss_new(sim_medium *medium, const char *place, uint32_t loss_ppm);

#endif
