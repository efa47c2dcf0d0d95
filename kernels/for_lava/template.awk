# SPDX-License-Identifier: GPL-2.0
#
# Make a job of a template of LAVA's. Variables: name, url; arch, cpu, console; test, the file with the test
# definition; userland, not empty for a file system, whose lines begin with @USERLAND@.

# In a replacement, & would be what was found.
function put(text, mark, value,    at) {
	while ((at = index(text, mark)) > 0)
		text = substr(text, 1, at - 1) value substr(text, at + length(mark))
	return text
}

/^@TEST@$/ {
	while ((getline line < test) > 0)
		print line
	next
}

/^@USERLAND@/ && userland == "" { next }

{
	sub(/^@USERLAND@/, "")
	$0 = put($0, "@NAME@", name)
	$0 = put($0, "@ARCH@", arch)
	$0 = put($0, "@CPU@", cpu)
	$0 = put($0, "@CONSOLE@", console)
	print put($0, "@URL@", url)
}
