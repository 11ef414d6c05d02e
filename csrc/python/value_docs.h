/* value_docs.h: the docstrings of the types of values.  */
#ifndef PJ_PY_VALUE_DOCS_H
#define PJ_PY_VALUE_DOCS_H

PyDoc_STRVAR(int_doc,
"Int(min=None, max=None)\n--\n\n"
"A decimal number from `min` to `max` (int, inclusive; None: no limit).\n\n"
">>> rules = ArgRules().option('-m', '--max-count', Int(1, 1000))");

PyDoc_STRVAR(choice_doc,
"Choice(*values)\n--\n\n"
"One of the given words (str).\n\n"
">>> color = Choice('always', 'never')\n"
">>> rules = ArgRules().option('--color', color)");

PyDoc_STRVAR(text_doc,
"Text(max_length=4096)\n--\n\n"
"Any text of at most `max_length` bytes.\n\n"
">>> rules = ArgRules().positional('pattern', Text(max_length=200))");

PyDoc_STRVAR(pattern_doc,
"Pattern(pattern, max_length=4096)\n--\n\n"
"Text that a POSIX extended regular expression matches as a whole.\n\n"
"Raises ValueTypeInvalid for an invalid expression, for back-references, for\n"
"a backslash before a letter that C libraries read differently, such as d,\n"
"and for repeats that nest more than four deep or exceed 1000 characters.\n"
"With musl and on macOS a part repeats at most 255 times.  Characters are\n"
"those of UTF-8, whatever the locale; a system without C.UTF-8 matches ASCII\n"
"only.\n\n"
">>> rules = ArgRules().option('-n', Pattern('[0-9]+,[0-9]+p'))");

PyDoc_STRVAR(read_path_doc,
"ReadPath(*roots)\n--\n\n"
"An existing file below one of `roots` (absolute paths), links followed.\n\n"
"Relative paths start at the command's working directory.  The kernel lets\n"
"the command read these roots and no other files of the user.  '-' means\n"
"standard input, unless a file has that name.\n\n"
">>> rules = ArgRules().positional('files', ReadPath('/srv'), max=20)");

PyDoc_STRVAR(write_path_doc,
"WritePath(*roots)\n--\n\n"
"A file, existing or not, below one of `roots` (absolute paths).\n\n"
"The kernel lets the command write below these roots only.\n\n"
">>> rules = ArgRules().option('-o', '--output', WritePath('/srv/out'))");

PyDoc_STRVAR(host_name_doc,
"HostName()\n--\n\n"
"A host name or an IPv4 address.\n\n"
">>> rules = ArgRules().positional('host', HostName())");

PyDoc_STRVAR(url_doc,
"Url(schemes=None, hosts=None)\n--\n\n"
"A URL with one of the given schemes and hosts.\n\n"
"`schemes` (lower case) defaults to https.  `hosts` defaults to every host;\n"
"'*.example.com' means every host below it.  A URL with a user name,\n"
"brackets or braces is refused.\n\n"
">>> rules = ArgRules().positional('url', Url(hosts=['example.com']))");

PyDoc_STRVAR(git_ref_doc,
"GitRef()\n--\n\n"
"A branch, tag, commit, or range of them; no file (HEAD:file), no search.\n\n"
">>> rules = ArgRules().positional('revision', GitRef(), min=0)");

#endif
