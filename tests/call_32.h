/* SPDX-License-Identifier: GPL-2.0 */
/*
 * call_32: the lock calls as a 32-bit program makes them, on x86 through int $0x80. In a
 * 64-bit program they need memory below 4 GiB, and a kernel with CONFIG_IA32_EMULATION.
 */
#ifndef LOCKFAIR_CALL_32_H
#define LOCKFAIR_CALL_32_H

#include <errno.h>
#include <fcntl.h>
#include <linux/elf.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock/descriptor.h"
#include "claim/claim.h"

/* From <asm/unistd_32.h>, which a 64-bit program does not see. */
#define NR_32_GETPID	20
#define NR_32_FCNTL	55
#define NR_32_FLOCK	143
#define NR_32_FCNTL64	221

/* From <asm-generic/fcntl.h>: libc defines only those that it wants a program to use. */
#define GETLK_32	5
#define SETLK_32	6
#define SETLKW_32	7
#define GETLK64_32	12
#define SETLK64_32	13
#define SETLKW64_32	14
#define OFD_GETLK_32	36
#define OFD_SETLK_32	37
#define OFD_SETLKW_32	38

/* struct flock, and struct flock64, in halves because a long long is aligned to 4 bytes there. */
struct narrow {
	short type, whence;
	int start, len, pid;
};

struct wide {
	short type, whence;
	unsigned int start[2], len[2];
	int pid;
};

/*
 * The argument of a call, and its answer. Each process has its own. No call is made before
 * needs_32_bit_calls() has found that there are such calls: until then it is -ECANCELED.
 */
static union answer_32 {
	struct narrow narrow;
	struct wide wide;
} no_answer, *low = &no_answer;
static bool call_32_is_usable;

/* call_32() returns 0 or more, or -errno. */
#ifdef SYS_arch_prctl	/* only x86 has this */
#define CALL_32_MISSING	"no 32-bit calls here"

static inline int call_32(int nr, long first, long second, void *third)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" ((long)nr), "b" (first), "c" (second), "d" (third)
#ifdef __x86_64__
		     : "r8", "r9", "r10", "r11", "memory", "cc");
#else
		     : "memory", "cc");
#endif
	return ret;
}

static inline int open_to_read(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * Does a 32-bit program that exits with 0 do so? A kernel without 32-bit calls does not start it,
 * and returns ENOEXEC.
 */
static inline bool call_32_has_programs(void)
{
	static const struct {
		struct elf32_hdr header;
		struct elf32_phdr segment;
		unsigned char code[7];
	} program = {
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = 0x8048000 + sizeof(struct elf32_hdr) + sizeof(struct elf32_phdr),
			.e_phoff = sizeof(struct elf32_hdr),
			.e_ehsize = sizeof(struct elf32_hdr),
			.e_phentsize = sizeof(struct elf32_phdr),
			.e_phnum = 1,
		},
		.segment = {
			.p_type = PT_LOAD,
			.p_vaddr = 0x8048000,
			.p_filesz = sizeof(program),
			.p_memsz = sizeof(program),
			.p_flags = PF_R | PF_X,
			.p_align = 0x1000,
		},
		/* xor %ebx,%ebx; xor %eax,%eax; inc %eax; int $0x80 */
		.code = { 0x31, 0xdb, 0x31, 0xc0, 0x40, 0xcd, 0x80 },
	};
	char *const nothing[] = { NULL };
	int written = descriptor_memfd(0, 0), fd = -1, status;
	pid_t child;

	if (written >= 0 && write(written, &program, sizeof(program)) == sizeof(program))
		fd = open_to_read(written);
	/* A file that is open for writing is not executed. */
	close(written);
	child = fd < 0 ? -1 : fork();
	if (!child) {
		syscall(SYS_execveat, fd, "", nothing, nothing, AT_EMPTY_PATH);
		_exit(errno);
	}
	close(fd);
	/* A signal, too, shows that the program was started. */
	return child > 0 && waitpid(child, &status, 0) == child &&
	       (!WIFEXITED(status) || !WEXITSTATUS(status));
}
#else
#define CALL_32_MISSING	"made for x86"

static inline int call_32(int nr, long first, long second, void *third)
{
	(void)nr;
	(void)first;
	(void)second;
	(void)third;
	return -EOPNOTSUPP;
}

static inline bool call_32_has_programs(void)
{
	return false;
}
#endif

static inline void call_32_leave(int signal_number)
{
	(void)signal_number;
	_exit(1);
}

/* Call this before the others, and before any actor is started. */
static inline bool call_32_works(void)
{
	int where = MAP_PRIVATE | MAP_ANONYMOUS, status = 1;
	pid_t child = -1;

#ifdef MAP_32BIT
	where |= MAP_32BIT;
#endif
	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE, where, -1, 0);
	if (low == MAP_FAILED)
		low = &no_answer;
	else
		child = fork();
	if (!child) {
		/* A kernel without that entry, or a seccomp filter, sends a signal. */
		signal(SIGSEGV, call_32_leave);
		signal(SIGSYS, call_32_leave);
		_exit(call_32(NR_32_GETPID, 0, 0, NULL) != getpid());
	}
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static inline bool needs_32_bit_calls(struct scene *scene)
{
	bool works = call_32_works();

	call_32_is_usable = works;
	skip_unless(scene, works || (call_32_has_programs() && !privilege_is_confined()),
		    CALL_32_MISSING);
	return requires(scene, works,
			"this kernel has 32-bit programs, and getpid() of one does not work");
}

static inline int call_32_if_usable(int nr, long first, long second, void *third)
{
	return call_32_is_usable ? call_32(nr, first, second, third) : -ECANCELED;
}

/* Each returns 0 or -errno; the answer to a query is in *low. */
static inline int flock_32(int fd, int operation)
{
	return call_32_if_usable(NR_32_FLOCK, fd, operation, NULL);
}

static inline int fcntl_32(int fd, int command, struct narrow lock)
{
	low->narrow = lock;
	return call_32_if_usable(NR_32_FCNTL, fd, command, low);
}

static inline int fcntl64_32(int fd, int command, short type, long long start, long long len)
{
	low->wide = (struct wide){ .type = type };
	memcpy(low->wide.start, &start, sizeof(start));
	memcpy(low->wide.len, &len, sizeof(len));
	return call_32_if_usable(NR_32_FCNTL64, fd, command, low);
}

/* Does the answer to a query by fcntl64() name this range? */
static inline bool is_at(long long start, long long len)
{
	return !memcmp(low->wide.start, &start, sizeof(start)) &&
	       !memcmp(low->wide.len, &len, sizeof(len));
}

#endif /* LOCKFAIR_CALL_32_H */
