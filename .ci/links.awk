# SPDX-License-Identifier: GPL-2.0
#
# Report broken links of a page: [text](FILE#HEADING), and every path of doc/ in plain text. Variable: page, its path; run at the top of the repository.

# The anchor of a heading, as GitHub and GitLab make it.
function anchor(heading) {
	heading = tolower(heading)
	gsub(/[^a-z0-9 _-]/, "", heading)
	gsub(/ /, "-", heading)
	return heading
}

function has_heading(file, wanted,	line, found) {
	while ((getline line < file) > 0)
		if (line ~ /^#+ / && anchor(substr(line, index(line, " ") + 1)) == wanted)
			found = 1
	close(file)
	return found
}

function exists(file,	line, got) {
	got = (getline line < file)
	close(file)
	return got >= 0
}

function wrong(link) {
	print page ":" FNR ": " link " leads nowhere"
	bad = 1
}

function check(link,	file, at, heading) {
	if (link ~ /^[a-z]+:/)
		return
	at = index(link, "#")
	heading = at ? substr(link, at + 1) : ""
	file = at ? substr(link, 1, at - 1) : link
	file = file == "" ? page : folder file
	if (!exists(file) || (heading != "" && !has_heading(file, heading)))
		wrong(link)
}

BEGIN {
	folder = page
	if (!sub(/\/[^\/]*$/, "/", folder))
		folder = ""
}

{
	rest = $0
	while (match(rest, /\]\([^)]+\)/)) {
		check(substr(rest, RSTART + 2, RLENGTH - 3))
		rest = substr(rest, RSTART + RLENGTH)
	}
	rest = $0
	while (match(rest, /doc\/[a-z\/_-]+\.[a-z]+/)) {
		if (!exists(substr(rest, RSTART, RLENGTH)))
			wrong(substr(rest, RSTART, RLENGTH))
		rest = substr(rest, RSTART + RLENGTH)
	}
}

END { exit bad }
