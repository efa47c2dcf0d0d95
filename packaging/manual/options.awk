# SPDX-License-Identifier: GPL-2.0
#
# The options in report/help as a list of mdoc(7); to be used with mdoc.awk.
#
# A line of an option has the option before column 25, and its description from there on.

function put_option(	head, word, count, i, line) {
	if (option == "")
		return
	gsub(/,/, " ,", option)
	count = split(option, word, " ")
	line = ".It"
	for (i = 1; i <= count; i++) {
		if (word[i] ~ /^--/)
			line = line " Fl \\-" substr(word[i], 3)
		else if (word[i] ~ /^-/)
			line = line " Fl " substr(word[i], 2)
		else if (word[i] == ",")
			line = line " ,"
		else
			line = line " Ar " word[i]
	}
	print line
	gsub(/run_tests\.sh/, "lockfair", description)
	put_text(description)
	option = ""
}

BEGIN { print ".Bl -tag -width Ds" }

/^  (    )?--?[a-z]/ {
	put_option()
	option = substr($0, 1, 24)
	description = substr($0, 25)
	next
}

option != "" && substr($0, 1, 24) ~ /^ +$/ {
	description = description " " substr($0, 25)
	next
}

{ put_option() }

END { print ".El" }
