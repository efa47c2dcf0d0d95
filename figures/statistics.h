/* SPDX-License-Identifier: GPL-2.0 */
/* statistics: what figures are reduced to. */
#ifndef LOCKFAIR_STATISTICS_H
#define LOCKFAIR_STATISTICS_H

/* Sorted in place, least first. */
void statistics_sort(double *values, int count);

/*
 * The value below which @percent of the sorted @values are, interpolated; 50 is the median, 100 the
 * largest. NAN if there are none.
 */
double statistics_percentile(const double *values, int count, double percent);

/*
 * Jain's index of shares: 1 if all are equal, 1/@count if one has everything. NAN if there are
 * none, or all are 0.
 */
double statistics_jain(const double *values, int count);

/*
 * The exponent p of the y = c * x^p that fits best: the slope of the line of least squares through
 * the logarithms. NAN for fewer than two x, or if a value is not positive.
 */
double statistics_exponent(const double *x, const double *y, int count);

/* An exponent in a word: constant, linear, quadratic, or what lies between. */
const char *statistics_growth(double exponent);

/*
 * @request has the number of the request behind each of @count grants, in the order of the
 * grants; no number twice. How many later requests were granted before each is put into
 * @overtaken. 0 or -ENOMEM.
 */
int statistics_overtaken(const unsigned int *request, int count, double *overtaken);

#endif /* LOCKFAIR_STATISTICS_H */
