/* SPDX-License-Identifier: MIT
 *
 * Inside the page: page.c puts it together, page_charts.c draws what the timeline knows,
 * page_plot.c a frame with axes and lines in it, page_style.c dresses it.
 *
 * A plot is an SVG of 1000 by 1000 units that is stretched to its place, and all words stand beside
 * it as HTML: they keep their size in a narrow window. Everything is there without a script; the
 * script adds the values under the pointer, which it finds in `data`.
 */
#ifndef SIM_RUN_PAGE_H
#define SIM_RUN_PAGE_H

#include "run/timeline.h"

#define SIM_PLOT_UNITS 1000 /* the width and the height of each plot */
#define SIM_SERIES_MAX 10
#define SIM_LABEL 48

typedef struct sim_report {
    FILE *out;
    FILE *data; /* for the script: JSON, written at the end */
    const sim_timeline *timeline;
    uint64_t begin, end; /* the scale of time, the same in all plots */
    size_t plots;
} sim_report;

/* Text of a user, safe inside an element and an attribute. */
void sim_page_text(const sim_report *page, const char *text);
double sim_larger(double a, double b);
/* x in units. */
double sim_page_x(const sim_report *page, uint64_t at);

/* Lines, ended by NULL: a string of C may not be that long. */
extern const char *const sim_page_css[], *const sim_page_script[];

/* ---- plots ---- */

typedef enum sim_mark_shape { SIM_SHAPE_LINE, SIM_SHAPE_DASH, SIM_SHAPE_AREA } sim_mark_shape;

typedef struct sim_series {
    const char *name;
    const char *color; /* "c1": a class of the style */
    sim_mark_shape shape;
} sim_series;

typedef struct sim_plot_config {
    const char *title, *unit, *note; /* note: NULL or a sentence below the title */
    const char *name;                /* of a user, behind the title; may be NULL */
    double max;                      /* of the values; 0: nothing is there */
    double floor;                    /* with it the scale is logarithmic, from here to max */
    unsigned height;                 /* pixels */
    uint64_t wait_rate;              /* bytes/s: the script tells a wait beside bytes */
    const sim_series *series;
    size_t series_count;
} sim_plot_config;

typedef struct sim_plot {
    sim_report *page;
    const sim_plot_config *config;
    double top;    /* the round value at the upper edge */
    size_t values; /* series that the script knows */
} sim_plot;

/* What is drawn over: the moments, or columns of several of them. */
typedef struct sim_axis {
    size_t count;
    size_t every;   /* moments in a column; 1: moments */
    const void *of; /* whose values they are, where that is not the whole run */
} sim_axis;

/* The value of a series at an index of the axis. */
typedef double sim_value_of(const sim_report *page, const sim_axis *axis, size_t index,
                            unsigned which);

uint64_t sim_axis_begin(const sim_report *page, const sim_axis *axis, size_t index);
uint64_t sim_axis_end(const sim_report *page, const sim_axis *axis, size_t index);
sim_axis sim_axis_moments(const sim_report *page);
/* Columns of equal length, at most `max`. */
sim_axis sim_axis_columns(const sim_report *page, size_t max);

double sim_axis_highest(const sim_report *page, const sim_axis *axis, sim_value_of *value,
                        unsigned which);

/* In place of a plot: a sentence. */
void sim_page_nothing(const sim_report *page, const char *title, const char *why);
sim_plot sim_plot_open(sim_report *page, const sim_plot_config *config);
void sim_plot_line(const sim_plot *plot, const sim_axis *axis, const char *class,
                   sim_value_of *value, unsigned which);
/* Between two values at each moment. */
void sim_plot_band(const sim_plot *plot, const sim_axis *axis, const char *class,
                   sim_value_of *value, unsigned low, unsigned high);
/* From one value to another in each column, as one shape; `gap` leaves room between columns. */
void sim_plot_columns(const sim_plot *plot, const sim_axis *axis, const char *class,
                      sim_value_of *value, unsigned low, unsigned high, bool gap);
/* A line that keeps its value through each column, and is not drawn where that is 0. `joined`: with
 * the ways up and down. */
void sim_plot_steps(const sim_plot *plot, const sim_axis *axis, const char *class,
                    sim_value_of *value, unsigned which, bool joined);
/* For the script: what a series of the legend shows; one axis for all series of a plot. */
void sim_plot_values(sim_plot *plot, const sim_axis *axis, size_t series, sim_value_of *value,
                     unsigned which);
void sim_plot_close(const sim_plot *plot);
/* The labels below a plot, also of what is drawn otherwise. */
void sim_plot_time_axis(const sim_report *page);

/* "1.5 Mbit/s"; "34 s" or "5 min" beside a step of this many seconds. */
char *sim_plot_number(char out[SIM_LABEL], double value, const char *unit);
char *sim_plot_time(char out[SIM_LABEL], double seconds, double step);

/* ---- what is drawn ---- */

void sim_page_happenings(sim_report *page);
void sim_page_progress(sim_report *page);
void sim_page_rate(sim_report *page);
void sim_page_feedback(sim_report *page);
void sim_page_receivers(sim_report *page);
void sim_page_queues(sim_report *page);
void sim_page_channels(sim_report *page);

#endif
