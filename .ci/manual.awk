# SPDX-License-Identifier: GPL-2.0
#
# Report the questions of lockfair(7) under which no command shows the answer.

function end_answer() {
	if (question != "" && !shown) {
		print FILENAME ": no test shows: " question
		bad = 1
	}
	question = ""
}

/^\.(It|El|Sh)/ { end_answer() }

/^\.It Sy / {
	question = substr($0, 8)
	shown = 0
	questions++
}

/^lockfair .*\\-t / { shown = 1 }

END {
	end_answer()
	exit bad || !questions
}
