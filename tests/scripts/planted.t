#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
scripts/lint finds a fault of each kind that is planted in a small tree, and nothing in it without.
"""

import os
import shutil
import subprocess

import tap
from tap import TOP

HEAD = '/* SPDX-License-Identifier: BSD-2-Clause */\n/* A file. */\n'
CLEAN = HEAD + '#include "core/new.h"\n\nint new_value(void)\n{\n\treturn 1;\n}\n'

# Kind, file, its text. Each fault is the only one of its file.
FAULTS = [
    ('format', 'core/bad.c', HEAD + 'static int  x ;\n'),
    ('spdx', 'core/bad.c', '/* A file. */\n'),
    ('whitespace', 'core/bad.c', HEAD + '/* blank */ \n'),
    ('whitespace', 'core/bad.c', HEAD + '/* no newline */'),
    ('length', 'core/bad.c', HEAD + '/* line */\n' * 400),
    ('layers', 'sbi/bad.c', HEAD + '#include "core/new.h"\n'),
    ('shell', 'scripts/bad', '#!/bin/sh\n# SPDX-License-Identifier: BSD-2-Clause\nrm $1\n'),
    ('python', 'scripts/bad', '#!/usr/bin/python3\n# SPDX-License-Identifier: BSD-2-Clause\nimport os\n'),
    ('sparse', 'core/bad.c', HEAD + '#include <stddef.h>\nint *new_value(void)\n{\n\treturn 0;\n}\n'),
    ('sparse', 'core/bad.c', HEAD + 'int not_declared;\n'),
    ('analyze', 'core/bad.c', HEAD + 'int new_value(int *p);\nint new_value(int *p)\n{\n\tif (!p)\n\t\treturn *p;\n'
     '\treturn 0;\n}\n'),
]


class Planted(tap.Case):
    """Lints a tree that holds the linters and one clean file."""

    def setUp(self):
        super().setUp()
        shutil.copytree(TOP / 'scripts', self.dir / 'scripts', ignore=shutil.ignore_patterns('__pycache__'))
        for name in ('.clang-format', '.flake8', '.shellcheckrc'):
            shutil.copy(TOP / name, self.dir)
        (self.dir / '.cache').symlink_to(TOP / '.cache')
        self.write('core/new.h', HEAD + '#ifndef CORE_NEW_H\n#define CORE_NEW_H\n\nint new_value(void);\n\n#endif\n')
        self.write('core/new.c', CLEAN)
        self.environment = dict(os.environ, GIT_CONFIG_GLOBAL='/dev/null')
        self.git('init', '-q')
        self.git('add', '.', ':!.cache')

    def git(self, *words):
        subprocess.run(['git', *words], cwd=self.dir, env=self.environment, check=True, capture_output=True)

    def lint(self, kind):
        done = subprocess.run([self.dir / 'scripts/lint', kind], cwd=self.dir, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def test_each_fault_is_found(self):
        for kind, path, text in FAULTS:
            self.write(path, text)
            self.git('add', path)
            code, output = self.lint(kind)
            self.assertIn(path, output, f'{kind} does not name it')
            self.assertNotEqual(code, 0, f'{kind} finds nothing: {text}')
            self.git('rm', '-q', '-f', path)

    def test_clean(self):
        for kind in dict.fromkeys(kind for kind, _, _ in FAULTS):
            code, output = self.lint(kind)
            self.assertEqual(code, 0, output)


if __name__ == '__main__':
    tap.main()
