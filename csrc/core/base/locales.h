/* locales.h: text that is read and written the same in every host.

   A host may have set its user's locale, or may set one at any time.  How
   names compare, what a Pattern means, and the text and numbers of an error
   do not depend on it: code that needs a locale switches to its own, for
   this thread only, and back again.  */
#ifndef PJ_LOCALES_H
#define PJ_LOCALES_H

#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/* "C", but with UTF-8 characters; 0 if the system has no such locale.
   Release it with freelocale.  */
locale_t pj_locale_utf8(void);

/* "C".  Fails only if out of memory, and is then 0, for which uselocale
   leaves the thread's locale alone.  */
locale_t pj_locale_plain(void);

#endif
