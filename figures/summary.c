// SPDX-License-Identifier: GPL-2.0
/*
 * Reduce the values of all rounds, as figure.c prints them, to one line for each figure, kind and
 * parameter: median, spread, and the ratio to the futex control, or to the kind that the argument
 * names, which is taken round by round, and then its median and spread. stdin to stdout.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures/statistics.h"

#define CELLS	8192
#define ROUNDS	1001
#define TEXT	40

struct cell {
	char figure[TEXT], kind[TEXT], parameter[TEXT], unit[TEXT];
	double value[ROUNDS];	/* NAN: none in this round */
};

static struct cell *cells[CELLS];
static int count;

static struct cell *find(const char *figure, const char *kind, const char *parameter)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(cells[i]->parameter, parameter) && !strcmp(cells[i]->kind, kind) &&
		    !strcmp(cells[i]->figure, figure))
			return cells[i];
	}
	return NULL;
}

static struct cell *add(const char *figure, const char *kind, const char *parameter,
			const char *unit)
{
	struct cell *cell = count < CELLS ? calloc(1, sizeof(*cell)) : NULL;

	if (!cell) {
		fprintf(stderr, "summary: too many figures\n");
		exit(1);
	}
	snprintf(cell->figure, TEXT, "%s", figure);
	snprintf(cell->kind, TEXT, "%s", kind);
	snprintf(cell->parameter, TEXT, "%s", parameter);
	snprintf(cell->unit, TEXT, "%s", unit);
	for (int i = 0; i < ROUNDS; i++)
		cell->value[i] = NAN;
	cells[count++] = cell;
	return cell;
}

static void take(char *line)
{
	char *column[6], *rest = line;
	struct cell *cell;
	int round, i;

	line[strcspn(line, "\n")] = '\0';
	for (i = 0; i < 6; i++)
		column[i] = strsep(&rest, "\t");
	if (line[0] == '#' || !column[5])
		return;
	round = atoi(column[3]);
	if (round < 1 || round >= ROUNDS)
		return;
	cell = find(column[0], column[1], column[2]);
	if (!cell)
		cell = add(column[0], column[1], column[2], column[5]);
	cell->value[round] = atof(column[4]);
}

static const char *base = "futex";

/* The cell to compare with, or NULL. */
static const struct cell *base_of(const struct cell *cell)
{
	if (strcmp(cell->unit, "ns") && strcmp(cell->unit, "1/s"))
		return NULL;
	/* The futex has no ranges: its cost does not depend on other locks. */
	if (!strcmp(base, "futex") &&
	    !strncmp(cell->figure, "growth_lock_", strlen("growth_lock_")))
		return find("growth_lock_none", base, "0");
	return find(cell->figure, base, cell->parameter);
}

static void print_number(double value)
{
	if (isfinite(value))
		printf("\t%.4g", value);
	else
		fputs("\t.", stdout);
}

static void print_spread(double *value, int values, int extremes)
{
	statistics_sort(value, values);
	print_number(statistics_percentile(value, values, 50));
	print_number(statistics_percentile(value, values, 25));
	print_number(statistics_percentile(value, values, 75));
	if (extremes) {
		print_number(statistics_percentile(value, values, 0));
		print_number(statistics_percentile(value, values, 100));
	}
}

static void print_cell(const struct cell *cell)
{
	const struct cell *other = base_of(cell);
	double value[ROUNDS], ratio[ROUNDS];
	int values = 0, ratios = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (isnan(cell->value[i]))
			continue;
		value[values++] = cell->value[i];
		if (other && other->value[i] > 0)
			ratio[ratios++] = cell->value[i] / other->value[i];
	}
	printf("%s\t%s\t%s\t%s\t%d", cell->figure, cell->kind, cell->parameter, cell->unit, values);
	print_spread(value, values, 1);
	print_spread(ratio, ratios, 0);
	printf("\t%s\n", strcmp(cell->unit, "exponent") ? "." :
	       statistics_growth(statistics_percentile(value, values, 50)));
}

/* The unit of each figure. */
static void print_units(void)
{
	fputs("# units:", stdout);
	for (int i = 0; i < count; i++) {
		int before = 0;

		while (strcmp(cells[before]->figure, cells[i]->figure))
			before++;
		if (before == i)
			printf("%s %s in %s", i ? ";" : "", cells[i]->figure, cells[i]->unit);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	char line[1024];

	if (argc > 1)
		base = argv[1];
	while (fgets(line, sizeof(line), stdin))
		take(line);
	print_units();
	puts("figure\tkind\tparameter\tunit\trounds\tmedian\tquartile_1\tquartile_3\tleast\tmost\t"
	     "to_futex\tto_futex_quartile_1\tto_futex_quartile_3\tgrowth");
	for (int i = 0; i < count; i++)
		print_cell(cells[i]);
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
