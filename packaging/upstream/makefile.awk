# SPDX-License-Identifier: GPL-2.0
#
# Add the programs (-v programs=) and what they are made of to the Makefile of the folder filelock,
# before and after it includes lib.mk. What it has of ours from an earlier commit is replaced: that
# had the programs of -v before=. Other lines are the kernel's, and stay.

/^# What the promises are made of\.$/ { ours = 1 }
ours { next }
before != "" && $0 == "TEST_GEN_PROGS +=" before {
	getline		# the blank line after it
	next
}
/^include \.\.\/lib\.mk/ {
	if (programs != "") {
		print "TEST_GEN_PROGS +=" programs
		print ""
	}
	print
	print ""
	print "# What the promises are made of."
	print "HELPERS := $(patsubst lib/%.c,$(OUTPUT)/lib/%.o,$(wildcard lib/*/*.c))"
	print "PROMISES := $(filter-out %/ofdlocks,$(TEST_GEN_PROGS))"
	print "EXTRA_CLEAN += $(HELPERS)"
	print ""
	print "all: $(HELPERS)"
	print "$(HELPERS) $(PROMISES): CFLAGS += -O2 -g -Wall -Ilib -I$(selfdir) $(KHDR_INCLUDES)"
	print "$(PROMISES): LDLIBS += -lpthread"
	print "$(PROMISES): $(HELPERS)"
	print "$(HELPERS): $(OUTPUT)/%.o: %.c $(wildcard lib/*/*.h)"
	print "\tmkdir -p $(@D)"
	print "\t$(CC) $(CFLAGS) -c $< -o $@"
	next
}
{ print }
