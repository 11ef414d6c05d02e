/* locales.c: the two locales the library uses.  */
#include "base/locales.h"

locale_t
pj_locale_plain(void)
{
    /* A constant in glibc and musl: nothing is loaded.  */
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t
pj_locale_utf8(void)
{
    /* Its name on most systems, on old Debian, and on Darwin.  */
    static const char *const names[] = {"C.UTF-8", "C.utf8", "UTF-8"};
    locale_t plain = pj_locale_plain(), made = (locale_t)0;

    for (int i = 0; i < 3 && plain != (locale_t)0; i++) {
        made = newlocale(LC_CTYPE_MASK, names[i], plain);
        if (made != (locale_t)0)
            return made;
    }
    if (plain != (locale_t)0)
        freelocale(plain);
    return (locale_t)0;
}
