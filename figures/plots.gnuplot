# SPDX-License-Identifier: GPL-2.0
#
# Plots from what the program summary prints: gnuplot -e "data='FILE'; out='DIR'" plots.gnuplot

kinds = "posix ofd flock lockf eventfd futex"
colours = "#0072B2 #D55E00 #009E73 #E69F00 #CC79A7 #000000"
points = "4 6 8 10 5 7"
# A background of its own, for dark pages; different points and dashes, for print.
set terminal svg size 900,520 font "sans,15" background "white"
set encoding utf8
set key outside right center samplen 2.5 spacing 1.3
set grid linecolor "#cccccc"
set border 3
set tics nomirror
set datafile missing "."
do for [i = 1:6] {
	set linetype i linecolor rgb word(colours, i) linewidth (i == 5 ? 5 : 2) \
		pointtype (word(points, i) + 0) pointsize 0.8
}
# The controls are dashed, and one is broad, since they often coincide.
set linetype 5 dashtype 2
set linetype 6 dashtype 2
rows(what, i) = sprintf("< awk -F'\\t' '$2 == \"%s\" && %s' '%s'", word(kinds, i), what, data)

set output out."/shares.svg"
set title "Shares of 64 actors that want one exclusive lock all the time"
set xlabel "actor, the one with the largest share first"
set ylabel "share of all grants (%)"
set xrange [1:64]
set yrange [0:*]
set xtics (1, 8, 16, 24, 32, 40, 48, 56, 64)
plot for [i = 1:6] rows("$1 == \"share\" && $3 ~ /^64:/ { sub(/.*:/, \"\", $3); print $3, $6 }", i) \
	using 1:2 with lines linetype i title word(kinds, i), \
	100.0 / 64 with lines linecolor rgb "#888888" dashtype 3 title "equal"

set output out."/overtakes.svg"
set title "How often a waiter is overtaken before its turn, 64 actors"
set xlabel "of all waits (percentile; 100: the worst)"
set ylabel "later requests granted before it, plus 1"
set xrange [0.7:5.3]
set xtics ("50" 1, "90" 2, "99" 3, "99.9" 4, "100" 5)
set logscale y
set yrange [0.8:*]
set format y "10^{%T}"
place = "n[\"median\"] = 1; n[\"p90\"] = 2; n[\"p99\"] = 3; n[\"p99.9\"] = 4; n[\"worst\"] = 5;"
plot for [i = 1:6] rows("$1 ~ /^overtaken_/ && $3 == 64 { ".place." sub(/.*_/, \"\", $1); print n[$1], $6 + 1 }", i) \
	using 1:2 with linespoints linetype i title word(kinds, i)

set output out."/growth.svg"
set terminal svg size 900,900 font "sans,15" background "white"
set multiplot layout 2,1
set title "One grant, while others wait"
set xlabel "waiters"
set ylabel "time from grant to grant (µs)"
set logscale xy
set xrange [0.8:1300]
set yrange [*:*]
set format x "%g"
set format y "%g"
set xtics (1, 10, 100, 1000)
plot for [i = 1:6] rows("$1 == \"growth_grant\" { print $3, $6 / 1000 }", i) \
	using 1:2 with linespoints linetype i title word(kinds, i)
set title "One lock call, in a file with locked ranges (of the caller, or of others)"
set xlabel "ranges"
set ylabel "time for one call (µs)"
set xrange [0.8:130000]
set xtics (1, 10, 100, 1000, 10000, 100000)
ranged = "1 2 4"
plot for [i = 1:3] rows("$1 == \"growth_lock_own\" { print $3, $6 / 1000 }", word(ranged, i) + 0) \
	using 1:2 with linespoints linetype word(ranged, i) + 0 \
	title word(kinds, word(ranged, i) + 0).", own", \
	for [i = 1:3] rows("$1 == \"growth_lock_others\" { print $3, $6 / 1000 }", word(ranged, i) + 0) \
	using 1:2 with linespoints linetype word(ranged, i) + 0 dashtype 2 \
	title word(kinds, word(ranged, i) + 0).", others"
unset multiplot
