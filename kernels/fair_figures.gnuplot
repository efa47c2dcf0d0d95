# SPDX-License-Identifier: GPL-2.0
#
# Of the output of the program summary, what fairness costs: gnuplot -e "data='FILE'"
# fair_figures.gnuplot draws fair.svg.

names = "posix ofd flock lockf eventfd futex"
colours = "#0072B2 #D55E00 #009E73 #E69F00 #CC79A7 #000000"
points = "4 6 8 10 5 7"
set terminal svg size 900,900 font "sans,15" background "white"
set encoding utf8
set output "fair.svg"
set key outside right center samplen 2.5 spacing 1.3
set grid linecolor "#cccccc"
set border 3
set tics nomirror
set datafile missing "."
rows(kernel, what) = sprintf("< awk -F'\\t' '$2 == \"%s\" { split($3, p, \" \") } $2 == \"%s\" && %s' '%s'", \
	kernel, kernel, what, data)
set multiplot layout 2,1

set title "Shares of 64 actors that want one lock all the time: Linux, and first come, first served"
set xlabel "actor, the one with the largest share first"
set ylabel "share of all grants (%), plus 0.01"
set logscale y
set xrange [1:64]
set yrange [0.01:*]
set format y "%g"
set xtics (1, 8, 16, 24, 32, 40, 48, 56, 64)
share(i) = "$1 == \"share\" && p[1] == \"".word(names, i)."\" && p[2] ~ /^64:/ { sub(/.*:/, \"\", p[2]); print p[2], $6 }"
plot for [i = 1:4] rows("plain", share(i)) using 1:($2 + 0.01) with lines linewidth 2 \
		linecolor rgb word(colours, i) title word(names, i), \
	for [i = 1:4] rows("fair", share(i)) using 1:($2 + 0.01) with lines linewidth 2 dashtype 2 \
		linecolor rgb word(colours, i) title word(names, i).", fair"

# A group of points for each figure, a point for each kind, with the quartiles.
set title "How many times as long on the fair kernel (median and quartiles of the pairs)"
unset xlabel
set ylabel "time, fair to plain"
set xrange [0.4:6.6]
set yrange [0.1:1000]
set bmargin 4
set xtics ("lock,\nunlock" 1, "handoff,\none CPU" 2, "a grant,\n2 actors" 3, \
	"a grant,\n8 actors" 4, "a grant,\n64 actors" 5, "a call,\n1000 ranges" 6)
group = "g = $1 == \"uncontended_median\" ? 1 : $1 == \"handoff_one_cpu_median\" ? 2 : " \
	."$1 != \"grants\" ? ($1 == \"growth_lock_own\" && p[2] == 1000 ? 6 : 0) : " \
	."p[2] == 2 ? 3 : p[2] == 8 ? 4 : 5"
ratio(i) = "p[1] == \"".word(names, i)."\" && $11 > 0 { ".group."; r = $1 == \"grants\"; " \
	."if (g) print g, r ? 1 / $11 : $11, r ? 1 / $13 : $12, r ? 1 / $12 : $13 }"
plot for [i = 1:6] rows("fair", ratio(i)) using ($1 + (i - 3.5) * 0.12):2:3:4 with yerrorbars \
		linewidth 2 linecolor rgb word(colours, i) pointtype (word(points, i) + 0) \
		title word(names, i).(i > 4 ? ", a control" : ""), \
	1 with lines linecolor rgb "#888888" dashtype 3 notitle
unset multiplot
