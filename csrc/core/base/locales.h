/* locales.h: what is read and written the same in every host.

   A host has set the locale of its user, or sets one while we run.  How
   names compare, what a Pattern means, and the words and numbers of an error
   do not depend on it: what needs a locale enters its own, for this thread
   alone, and leaves it again.  */
#ifndef PJ_LOCALES_H
#define PJ_LOCALES_H

#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/* "C" but for its characters, which are those of UTF-8; or 0 where the
   system has no such locale.  To be given back with freelocale.  */
locale_t pj_locale_utf8(void);

/* "C".  It can only fail without memory, and then is 0, for which
   uselocale leaves the thread as it is.  */
locale_t pj_locale_plain(void);

#endif
