/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two controls of lib/lock/control.c, step by step, for spin: it tries every order of their
 * steps. Every access of control.c to a word that actors share is __ATOMIC_SEQ_CST, so that on any
 * machine the program behaves as in some order of these steps (C11, 5.1.2.4 and 7.17.3: without
 * data races, and with this order alone, it is sequentially consistent).
 *
 *	spin -a -DACTORS=3 -DROUNDS=2 -DFUTEX selftest/lock/control.pml
 *
 * ACTORS	how many there are
 * ROUNDS	how often each wants the lock
 * FUTEX	the futex control; without it, that of eventfd
 *
 * What must come out: a writer holds the lock alone; actors enter in the order of their tickets; a
 * try does not wait; nobody sleeps for ever. selftest/lock/control.sh also defines one of the
 * faults below, each of which must be found:
 *
 * SLEEPS_UNSEEN	futex_wait() does not compare the word
 * WAKES_TOO_EARLY	the waiters are woken before the word changes
 * READER_CALLS_NOBODY	a reader that has entered does not call the next one
 * WRITER_AS_READER	a writer waits for the word that admits readers
 * TRY_DRAWS		a try draws a ticket that is not called
 * RELEASE_CALLS_ONE	a writer calls no reader
 * CALLS_TOO_EARLY	the next ticket may be drawn by a try before the baton was passed
 * ONE_BATON_LESS	there are fewer eventfds than actors that wait
 */

/* Tickets that are this far apart share a bit, or an eventfd. */
#ifdef FUTEX
#define APART	2
#elif defined(ONE_BATON_LESS)
#define APART	(ACTORS - 1)
#else
#define APART	ACTORS
#endif

/*
 * The words of the futex control wrap around in the middle, here after 8 bits. Those of the eventfd
 * control must not, unless APART is a power of two; they do not, in 32 bits.
 */
#ifdef FUTEX
#define FIRST	254
#else
#define FIRST	0
#endif

#define READ	0
#define WRITE	1

byte users = FIRST;
byte word[2] = FIRST;
byte baton[APART];

/* Those who sleep, on which word, with which bit. */
bool asleep[ACTORS];
bit slept_on[ACTORS];
byte bit_of[ACTORS];
/* Signals that may still end a sleep. */
byte signals = 1;

/* What is known from outside. */
byte admitted = FIRST;
byte readers, writers;

inline admit(ticket, exclusive)
{
	assert(ticket == admitted);
	admitted++;
	if
	:: exclusive -> writers++
	:: else -> readers++
	fi;
	assert(writers == 0 || (writers == 1 && readers == 0));
}

inline leave(exclusive)
{
	d_step {
		if
		:: exclusive -> writers--
		:: else -> readers--
		fi
	}
}

#ifdef FUTEX

inline wake(which, number)
{
	d_step {
		i = 0;
		do
		:: i < ACTORS ->
			if
			:: asleep[i] && slept_on[i] == which && bit_of[i] == number % APART ->
				asleep[i] = false
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline call_next(which)
{
#ifdef WAKES_TOO_EARLY
	wake(which, (word[which] + 1) % 256);
	word[which]++;
#else
	atomic { word[which]++; called = word[which] }
	wake(which, called);
#endif
	called = 0
}

/* @look: whether the ticket was drawn by a try, which must not wait. */
inline enter(which, exclusive, ticket, look)
{
	do
	:: atomic {
		seen = word[which];
		if
		:: seen == ticket -> admit(ticket, exclusive); break
		:: else -> assert(!look)
		fi
	   }
	   atomic {
		if
#ifndef SLEEPS_UNSEEN
		:: word[which] != seen
#endif
		:: word[which] == seen ->
			slept_on[me] = which;
			bit_of[me] = ticket % APART;
			asleep[me] = true
#ifdef SLEEPS_UNSEEN
		:: else ->
			slept_on[me] = which;
			bit_of[me] = ticket % APART;
			asleep[me] = true
#endif
		fi
	   }
	   if
	   :: !asleep[me]
	   :: atomic { asleep[me] && signals > 0 -> signals--; asleep[me] = false }
	   fi
	od;
	seen = 0;
	if
	:: !exclusive ->
#ifndef READER_CALLS_NOBODY
		call_next(READ)
#endif
	:: else
	fi
}

inline release(exclusive, ticket)
{
	leave(exclusive);
	if
	:: exclusive ->
#ifndef RELEASE_CALLS_ONE
		call_next(READ)
#endif
	:: else
	fi;
	call_next(WRITE)
}

#else

inline enter(which, exclusive, ticket, look)
{
	atomic {
		assert(!look || baton[ticket % APART] > 0);
		baton[ticket % APART] > 0;
		baton[ticket % APART] = 0;
		admit(ticket, exclusive)
	}
}

inline release(exclusive, ticket)
{
	leave(exclusive);
#ifdef CALLS_TOO_EARLY
	word[WRITE]++;
	baton[(ticket + 1) % APART]++
#else
	baton[(ticket + 1) % APART]++;
	word[WRITE]++
#endif
}

#endif

inline draw(ticket)
{
	atomic { ticket = users; users++ }
}

/* Set @drawn, if the ticket that @which calls could be drawn. */
inline draw_if_called(which, ticket, drawn)
{
	ticket = word[which];
	atomic {
#ifndef TRY_DRAWS
		drawn = (users == ticket);
#else
		drawn = true;
		ticket = users;
#endif
		if
		:: drawn -> users++
		:: else
		fi
	}
}

#ifdef WRITER_AS_READER
#define WAITS_FOR(exclusive)	READ
#else
#define WAITS_FOR(exclusive)	(exclusive -> WRITE : READ)
#endif

inline choose()
{
#ifdef FUTEX
	if
	:: exclusive = true
	:: exclusive = false
	fi;
#else
	exclusive = true;
#endif
	which = WAITS_FOR(exclusive)
}

proctype actor(byte me)
{
	bool exclusive, next, drawn;
	byte round, ticket, after, seen, called, i;
	bit which;

	do
	:: round < ROUNDS ->
		round++;
		choose();
		if
		:: draw(ticket);
		   enter(which, exclusive, ticket, false)
		:: draw_if_called(which, ticket, drawn);
		   if
		   :: drawn -> drawn = false; enter(which, exclusive, ticket, true)
		   :: else -> goto refused
		   fi
		fi;
		/* Turns: the next ticket, maybe of the other mode, is drawn before the release. */
		if
		:: round < ROUNDS ->
			round++;
			draw(after);
			release(exclusive, ticket);
			d_step { ticket = after; after = 0 }
			choose();
			enter(which, exclusive, ticket, false)
		:: true
		fi;
		release(exclusive, ticket);
refused:	ticket = 0
	:: else -> break
	od
}

init {
	byte started;

	atomic {
#ifndef FUTEX
		baton[0] = 1;
#endif
		do
		:: started < ACTORS -> run actor(started); started++
		:: else -> break
		od
	}
}
