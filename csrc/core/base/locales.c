/* locales.c: the two locales that we use.  */
#include "base/locales.h"

locale_t
pj_locale_plain(void)
{
    /* Of glibc and musl a constant: nothing is loaded.  */
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t
pj_locale_utf8(void)
{
    /* As it is called by most; by old Debian; and by Darwin.  */
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
