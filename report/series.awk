# SPDX-License-Identifier: GPL-2.0
#
# Names in a sentence. To be used with answer.awk and preflight.awk.

# posix, ofd and flock
function series(list, count,    i, text) {
	text = list[1]
	for (i = 2; i <= count; i++)
		text = text (i < count ? ", " : " and ") list[i]
	return text
}
