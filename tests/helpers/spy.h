/* spy.h: the two halves of spy.  */
#ifndef SPY_H
#define SPY_H

/* Not to be mistaken for what the program itself has.  */
#pragma GCC visibility push(hidden)

/* ---- what a child says, in spy.c ---- */

/* A word of the answer: a tag, and text or number.  */
void say(char tag, const char *text);
void say_number(char tag, int number);

/* A spelling of an option, and how many values it has (0 to 2).  */
void say_row(const char *dashes, const char *name, int arity);

/* That the program has changed its list, if it has.  */
void say_prepared(int argc, char *const *argv);

_Noreturn void finish(char end);
_Noreturn void fail(const char *what);

/* From SPY: tables are wanted, or programs stop at operands.  */
extern int table_wanted, stops;

/* ---- in spy_parsers.c ---- */

/* Have the argp_parse that the program brings itself diverted.  */
void divert_own_argp(void);

#pragma GCC visibility pop

#endif
