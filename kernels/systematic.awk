# SPDX-License-Identifier: GPL-2.0
#
# Make mutants of C source mechanically: print the source with all of them, or list them. Each does
# nothing until lockfair_mutant has its number. Variables:
#
#	list	kernels/coverage.list: functions that it names (lease, server, boot) have none
#	form	source: print the source; names: print NUMBER, NAME; list: print NAME, FUNCTION, LINE,
#		CHECKSUM of the statement, the statement, and the statement of the mutant
#
# The name of a mutant is FUNCTION.STATEMENT.OPERATOR. It does not depend on lines: STATEMENT says
# what kind of statement it is (for a call, an assignment or a goto also of what) and which of these
# in the function: if3, call_wake_up-2, set_error, goto_out, return4. OPERATOR is one of
#
#	negate	a condition, or an operand of && and ||, becomes its opposite
#	swap	&& becomes ||, and || becomes &&
#	bound	< becomes <=, > becomes >=, and vice versa
#	omit	a call whose value is not used, an assignment, or a jump is left out
#
# with a number from the second on. Left alone are declarations, what only asserts or traces, code
# for 32-bit kernels, the last return of a function, whose value its callers would make up, and the
# last break of a switch, which does nothing.
#
# A statement with several mutants is repeated for each, behind a test of the number. So nothing is
# evaluated twice, and the source needs no type of any expression.

function fails(what) {
	printf "%s:%d: %s\n", FILENAME, line_of[at], what > "/dev/stderr"
	failed = 1
	exit 1
}

# ---- tokens ----

function add_token(text, column) {
	token[++tokens] = text
	line_of[tokens] = NR
	first_of[tokens] = column
	last_of[tokens] = column + length(text) - 1
	directives_before[tokens] = directives
}

BEGIN {
	FS = "\n"
	while ((getline line < list) > 0) {
		split(line, field, "\t")
		if (field[1] ~ /^(lease|server|boot)$/)
			elsewhere[field[2]]
	}
	for (i = 1; i < 256; i++)
		code_of[sprintf("%c", i)] = i
	number_is = "lockfair_mutant_is"
	identifier = "^[A-Za-z_][A-Za-z_0-9]*"
	operator = "^(->|\\+\\+|--|<<=|>>=|<=|>=|==|!=|&&|\\|\\||<<|>>|[-+*/%&|^]=|\\.\\.\\.)"
	assertion = "^([A-Z_0-9]+|trace_.*|lockdep_.*|might_sleep.*|pr_.*|guard)$"
}

{
	source[NR] = rest = $0
	column = 1
	# A directive, and the lines that continue it.
	if (!in_comment && (continued || rest ~ /^[ \t]*#/)) {
		if (!continued) {
			directives++
			if (rest ~ /^#if/ && (for_32_bit || rest ~ /BITS_PER_LONG == 32/))
				for_32_bit++
			else if (rest ~ /^#endif/ && for_32_bit)
				for_32_bit--
		}
		continued = rest ~ /\\$/
		next
	}
	while (rest != "") {
		if (in_comment) {
			length_of = index(rest, "*/")
			in_comment = !length_of
			length_of = length_of ? length_of + 1 : length(rest)
		} else if (match(rest, /^[ \t]+/) || match(rest, /^\/\/.*/)) {
			length_of = RLENGTH
		} else if (rest ~ /^\/\*/) {
			in_comment = 1
			length_of = 2
		} else {
			if (!(match(rest, identifier) || match(rest, /^[0-9][0-9A-Za-z.]*/) ||
			      match(rest, /^"([^"\\]|\\.)*"/) || match(rest, /^'([^'\\]|\\.)*'/) ||
			      match(rest, operator)))
				RLENGTH = 1
			length_of = RLENGTH
			if (!for_32_bit)
				add_token(substr(rest, 1, length_of), column)
		}
		rest = substr(rest, length_of + 1)
		column += length_of
	}
}

# Set other[] of each bracket to its partner.
function match_brackets(	i, top, stack) {
	for (i = 1; i <= tokens; i++) {
		if (token[i] ~ /^[({[]$/) {
			stack[++top] = i
		} else if (token[i] ~ /^[])}]$/) {
			at = i
			if (!top)
				fails("a bracket that nothing opens")
			other[i] = stack[top]
			other[stack[top--]] = i
		}
	}
}

# The normalised text of tokens from..to.
function text(from, to,	i, out) {
	for (i = from; i <= to; i++)
		out = out (i > from ? " " : "") token[i]
	return out
}

function checksum(string,	i, sum) {
	for (i = 1; i <= length(string); i++)
		sum = (sum * 65599 + code_of[substr(string, i, 1)]) % 4294967291
	return sprintf("%.0f", sum)
}

# ---- mutants of one statement ----

# The statement, or the condition, from..to is called kind in this function.
function begin_unit(from, to, kind) {
	unit_from = from
	unit_to = to
	unit_name = function_name "." kind numbered(++kinds[function_name, kind], kind)
	unit_sum = ""
	in_unit = 0
	split("", operators)
}

# A name that ends in a digit must not become another one.
function numbered(n, kind) {
	return n > 1 ? (kind ~ /_/ ? "-" : "") n : ""
}

# Replace tokens from..to of the unit, or nothing if it is omitted, by replacement.
function mutant(operator, from, to, replacement,	before, after) {
	before = text(unit_from, from - 1)
	after = text(to + 1, unit_to)
	unit_mutant[++in_unit] = ++mutants
	mutated[in_unit] = (before == "" ? "" : before " ") replacement (after == "" ? "" : " " after)
	name[mutants] = unit_name "." operator numbered(++operators[operator], "")
	if (length(name[mutants]) > 63)
		fails(name[mutants] ": a name of more than 63 characters")
	if (form == "list")
		print name[mutants], function_name, line_of[unit_from],
			checksum(text(unit_from, unit_to)), text(unit_from, unit_to),
			mutated[in_unit]
}

function replace(from, to, by) {
	edits++
	edit_from[edits] = from
	edit_to[edits] = to
	edit[edits] = by
}

# What is put in front of the variants of an expression: a condition may be a pointer.
function finish_expression(truth,	i, out) {
	if (!in_unit)
		return
	for (i = 1; i <= in_unit; i++)
		out = out number_is "(" unit_mutant[i] ") ? " truth "(" mutated[i] ") : "
	replace(unit_from, unit_to, "(" out truth "(" text(unit_from, unit_to) "))")
}

function finish_statement(	i, out) {
	if (!in_unit)
		return
	for (i = 1; i <= in_unit; i++)
		out = out "if (" number_is "(" unit_mutant[i] ")) { " mutated[i] " } else "
	replace(unit_from, unit_to, "{ " out "{ " text(unit_from, unit_to) " } }")
}

# May the text from..to be repeated?
function is_plain(from, to,	i) {
	if (directives_before[from] != directives_before[to])
		return 0
	for (i = from; i <= to; i++)
		if (token[i] == "{")
			return 0
	return 1
}

# Find the next token of from..to, outside of brackets, that matches pattern; 0 if there is none.
function find(from, to, pattern,	i) {
	for (i = from; i <= to; i++) {
		if (token[i] ~ pattern)
			return i
		if (token[i] ~ /^[([{]$/)
			i = other[i]
	}
	return 0
}

# Find the colon of the ? at i, which may have others between them.
function find_colon(i, to,	open) {
	for (open = 1; open && i < to; open += (token[i] == "?") - (token[i] == ":"))
		i = find(i + 1, to, "^[?:]$")
	return i
}

function negate(from, to) {
	mutant("negate", from, to, "! ( " text(from, to) " )")
}

# The operands from..to of && or ||.
function connect(from, to, connective, swapped,	i, operand, next_one) {
	operand = from
	while ((i = find(operand, to, connective)) != 0) {
		next_one = find(i + 1, to, connective)
		mutant("swap", from, (next_one ? next_one - 1 : to),
			"( ( " text(from, i - 1) " ) " swapped " ( " \
			text(i + 1, next_one ? next_one - 1 : to) " ) )")
		negate(operand, i - 1)
		look(operand, i - 1, 1)
		operand = i + 1
	}
	negate(operand, to)
	look(operand, to, 1)
}

# Make the mutants of the expression from..to. negated: its opposite has been made.
function look(from, to, negated,	i, k) {
	if (from > to)
		return
	if ((i = find(from, to, "^,$")) != 0) {
		look(from, i - 1, 0)
		look(i + 1, to, 0)
	} else if ((i = find(from, to, "^([-+*/%&|^]|<<|>>)?=$")) != 0) {
		look(i + 1, to, negated)
	} else if ((i = find(from, to, "^[?]$")) != 0) {
		k = find_colon(i, to)
		negate(from, i - 1)
		look(from, i - 1, 1)
		look(i + 1, k - 1, 0)
		look(k + 1, to, 0)
	} else if (find(from, to, "^\\|\\|$")) {
		connect(from, to, "^\\|\\|$", "&&")
	} else if (find(from, to, "^&&$")) {
		connect(from, to, "^&&$", "||")
	} else if (token[from] == "!") {
		look(from + 1, to, negated)
	} else if (token[from] == "(" && other[from] == to) {
		look(from + 1, to - 1, negated)
	} else {
		if ((i = find(from, to, "^(==|!=|<|>|<=|>=)$")) != 0) {
			if (!negated)
				negate(from, to)
			if (token[i] ~ /^[<>]$/)
				mutant("bound", i, i, token[i] "=")
			else if (token[i] ~ /^[<>]=$/)
				mutant("bound", i, i, substr(token[i], 1, 1))
		}
		for (i = from; i <= to; i++)
			if (token[i] ~ /^[([]$/) {
				look(i + 1, other[i] - 1, 0)
				i = other[i]
			}
	}
}

# The condition from..to of an if or a loop.
function condition(from, to, kind) {
	if (from > to)
		return
	begin_unit(from, to, kind)
	if (!is_plain(from, to))
		return
	negate(from, to)
	look(from, to, 1)
	finish_expression("!!")
}

# ---- statements ----

# Does a declaration begin at i? What else begins with two names is none of the language.
function is_declaration(i) {
	return token[i] ~ /^(void|bool|char|short|int|long|signed|unsigned)$/ || token[i] ~ identifier &&
		(token[i + 1] ~ identifier ||
		 (token[i + 1] == "*" && token[i + 2] ~ /^([A-Za-z_*]|const)/))
}

# The initialisers of the declaration from..to.
function declaration(from, to,	i, end) {
	while ((i = find(from, to, "^=$")) != 0) {
		end = find(i + 1, to, "^[,;]$")
		if (is_plain(i + 1, end - 1)) {
			begin_unit(i + 1, end - 1, "init_" token[i - 1])
			look(i + 1, end - 1, 0)
			finish_expression("")
		}
		from = end
	}
}

# The last name in from..to that is no index.
function target(from, to,	i, out) {
	for (i = from; i <= to; i++) {
		if (token[i] ~ identifier)
			out = token[i]
		else if (token[i] == "[")
			i = other[i]
	}
	return out
}

# An expression with a semicolon.
function expression_statement(from, to,	i, called) {
	if (!is_plain(from, to))
		return
	i = find(from, to, "^(([-+*/%&|^]|<<|>>)?=|\\+\\+|--)$")
	if (i) {
		begin_unit(from, to, "set_" (i == from ? target(from, to) : target(from, i - 1)))
		mutant("omit", from, to, ";")
	} else if (token[to - 1] == ")") {
		called = target(from, other[to - 1] - 1)
		if (called == "" || called ~ assertion || token[from] ~ /^[A-Z_0-9]+$/)
			return
		begin_unit(from, to, "call_" called)
		mutant("omit", from, to, ";")
	} else {
		return
	}
	look(from, to - 1, 0)
	finish_statement()
}

# A jump with its semicolon. last: leaving it out is no mutant.
function jump(from, to, last,	kind) {
	kind = token[from]
	if (kind == "goto")
		kind = kind "_" token[from + 1]
	begin_unit(from, to, kind)
	if (!is_plain(from, to))
		return
	if (!last)
		mutant("omit", from, to, ";")
	if (token[from] == "return")
		look(from + 1, to - 1, 0)
	finish_statement()
}

# The statement that begins at i; return the token behind it. in_switch: it is one of its body.
function statement(i, in_switch,	end, word) {
	at = i
	word = token[i]
	if (word == "{") {
		end = other[i]
		for (i++; i < end; )
			i = statement(i, in_switch)
		return end + 1
	}
	if (word ~ /^(if|while|for|switch)$/) {
		end = other[i + 1]
		if (word == "switch") {
			return statement(end + 1, 1)
		} else if (word == "for") {
			i = find(i + 2, end, "^;$")
			condition(i + 1, find(i + 1, end, "^;$") - 1, word)
		} else {
			condition(i + 2, end - 1, word)
		}
		end = statement(end + 1, 0)
		return word == "if" && token[end] == "else" ? statement(end + 1, 0) : end
	}
	if (word == "do") {
		end = statement(i + 1, 0)
		condition(end + 2, other[end + 1] - 1, "while")
		return other[end + 1] + 2
	}
	if (word ~ /^(case|default)$/ || (word ~ identifier && token[i + 1] == ":"))
		return find(i, tokens, "^:$") + 1
	# A loop or a block that is a macro.
	if (word ~ /(for_each|scoped_guard)/ && token[i + 1] == "(" && token[other[i + 1] + 1] != ";")
		return statement(other[i + 1] + 1, 0)
	end = find(i, tokens, "^;$")
	if (!end)
		fails("a statement without an end")
	if (word ~ /^(return|goto|break|continue)$/)
		jump(i, end, (word == "return" && end > i + 1 && end + 1 == function_end) ||
			(word == "break" && in_switch && token[end + 1] == "}"))
	else if (is_declaration(i))
		declaration(i, end)
	else if (end > i)
		expression_statement(i, end)
	return end + 1
}

# The name of the function whose definition has its body at i; "" if there is none.
function defined_at(i,	k, start) {
	if (token[i - 1] != ")")
		return ""
	for (start = i - 1; start > 1 && token[start - 1] !~ /^[;}]$/; start--)
		;
	for (k = start; k < i; k++) {
		if (token[k + 1] == "(" && token[k] ~ identifier)
			return token[k] ~ /^(COMPAT_)?SYSCALL_DEFINE/ ? "sys_" token[k + 2] : token[k]
	}
	return ""
}

# ---- the source with the mutants ----

# Print the source up to column of line, from where the last call has ended.
function copy(line, column) {
	for (; printed_line < line; printed_line++) {
		print substr(source[printed_line], printed_column)
		printed_column = 1
	}
	printf "%s", substr(source[line], printed_column, column - printed_column)
	printed_column = column
}

function print_source(	e, k) {
	print "#include <linux/lockfair_mutant.h>"
	printed_line = printed_column = 1
	for (e = 1; e <= edits; e++) {
		copy(line_of[edit_from[e]], first_of[edit_from[e]])
		printf "%s", edit[e]
		printed_line = line_of[edit_to[e]]
		printed_column = last_of[edit_to[e]] + 1
	}
	copy(NR, length(source[NR]) + 1)
	print ""
}

END {
	if (failed)
		exit 1
	OFS = "\t"
	match_brackets()
	for (i = 1; i <= tokens; i++) {
		if (token[i] != "{")
			continue
		function_name = defined_at(i)
		function_end = other[i]
		if (function_name != "" && !(function_name in elsewhere))
			statement(i, 0)
		i = function_end
	}
	if (form == "source")
		print_source()
	if (form == "names")
		for (i = 1; i <= mutants; i++)
			print i, name[i]
}
