# SPDX-License-Identifier: GPL-2.0
#
# doc/answers.md as sections of mdoc(7); to be used with mdoc.awk.
#
# A section has questions: a paragraph that begins with the question in bold, and then the commands
# that show the answer. Other paragraphs and lists are taken as they are.

# [text](page.md#part): the text, and the page if that is not the text.
function without_links(text,	link, part, page, words) {
	while (match(text, /\[[^\]]*\]\([^)]*\)/)) {
		link = substr(text, RSTART, RLENGTH)
		split(link, part, /\]\(/)
		words = substr(part[1], 2)
		page = part[2]
		sub(/[#)].*/, "", page)
		if (words != page)
			words = words " in " page
		text = substr(text, 1, RSTART - 1) words substr(text, RSTART + RLENGTH)
	}
	return text
}

function end_commands() {
	if (in_commands)
		print ".Ed"
	in_commands = 0
}

function begin_list(kind) {
	if (list == kind)
		return
	end_commands()
	end_list()
	list = kind
	print kind == "tag" ? ".Bl -tag -width Ds" : ".Bl -bullet"
}

function end_list() {
	if (list != "")
		print ".El"
	list = ""
}

function put_paragraph(	question) {
	if (paragraph == "")
		return
	paragraph = without_links(paragraph)
	gsub(/`/, "", paragraph)
	if (match(paragraph, /^\*\*[^*]+\*\*/)) {
		question = substr(paragraph, 3, RLENGTH - 4)
		paragraph = substr(paragraph, RLENGTH + 2)
		begin_list("tag")
		print ".It Sy " quoted_argument(question)
	} else if (paragraph ~ /^- /) {
		begin_list("bullet")
		print ".It"
		paragraph = substr(paragraph, 3)
	} else {
		end_list()
		if (paragraphs++)
			print ".Pp"
	}
	put_text(paragraph)
	paragraph = ""
}

# What comes before the first section: the page of mdoc has an introduction of its own.
/^## / {
	put_paragraph()
	end_commands()
	end_list()
	in_section = 1
	paragraphs = 0
	print ".Sh " toupper(substr($0, 4))
	next
}

!in_section { next }

# A line for each test: the longest ids fill one.
/^\t/ {
	put_paragraph()
	if (!in_commands)
		print ".Bd -literal -offset indent -compact"
	in_commands = 1
	sub(/^\t\.\/run_tests\.sh /, "")
	gsub(/ -t /, "\n-t ")
	count = split($0, line, "\n")
	where = line[1] ~ /^-d/ ? line[1] " " : ""
	if (where != "" && count == 1)
		print "lockfair " escaped(line[1])
	for (i = where == "" ? 1 : 2; i <= count; i++)
		print "lockfair " escaped(where line[i])
	next
}

/^$/ {
	end_commands()
	put_paragraph()
	next
}

/^- / { put_paragraph() }

{
	sub(/^ +/, "")
	paragraph = paragraph (paragraph == "" ? "" : " ") $0
}

END {
	put_paragraph()
	end_commands()
	end_list()
}
