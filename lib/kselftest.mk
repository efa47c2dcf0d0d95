# SPDX-License-Identifier: GPL-2.0
# Makefile of the part that a kernel tree would carry: lib/ and some tests, as they are.
TEST_GEN_PROGS := cancel conversion deadlock downgrade errors exclusion lifetime queue_order \
	ranges readers
CFLAGS += -O2 -g -Wall -Wextra -Wshadow -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64
CFLAGS += -Ilib -isystem $(selfdir) $(KHDR_INCLUDES)
LDLIBS += -lpthread -lm

include ../lib.mk

$(TEST_GEN_PROGS): $(OUTPUT)/%: tests/%.c $(wildcard lib/*/*.c) $(wildcard lib/*/*.h tests/*.h)
	$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.c,$^) $(LDLIBS) -o $@
