import { describe, expect, test } from 'vitest';
import { findMirror, pickAptConfiguration, proxyEnvironment } from '../../src/lab/apt-settings.ts';

describe('the mirror', () => {
  const cases: [string, string[], string | undefined][] = [
    ['one line', ['deb http://mirror.test/debian bookworm main contrib\n'], 'http://mirror.test/debian'],
    [
      'one line with options',
      ['deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian stable main'],
      'http://mirror.test/debian',
    ],
    [
      'deb822',
      ['Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie trixie-updates\nComponents: main\n'],
      'http://mirror.test/debian',
    ],
    [
      'deb822 behind security',
      [
        'Types: deb\nURIs: http://mirror.test/security\nSuites: trixie-security\nComponents: main\n\nTypes: deb deb-src\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\n',
      ],
      'http://mirror.test/debian',
    ],
    [
      'comments between',
      [
        '# deb http://old.test/debian trixie main\nTypes: deb\n# was http://old.test\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\n',
      ],
      'http://mirror.test/debian',
    ],
    ['another vendor', ['deb https://packages.test/apt sdk-bookworm main'], undefined],
    ['Ubuntu', ['Types: deb\nURIs: http://mirror.test/ubuntu\nSuites: noble\nComponents: main\n'], undefined],
    [
      'sources only',
      ['Types: deb-src\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\n'],
      undefined,
    ],
    ['nothing', ['', ''], undefined],
    [
      'the second file',
      ['deb https://packages.test/apt nodistro main', 'deb http://mirror.test/debian trixie main'],
      'http://mirror.test/debian',
    ],
  ];
  test.each(cases)('%s', (_name, files, mirror) => {
    expect(findMirror(files)).toBe(mirror);
  });
});

const dump = `APT::Install-Recommends "1";
Acquire::http::Proxy "http://proxy.test:3128";
Acquire::http::Proxy::local.test "DIRECT";
Acquire::https::Proxy "";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "en";
Dir::Etc "etc/apt";
`;

test('proxies and leniency about dates are carried over, nothing else', () => {
  expect(pickAptConfiguration(dump)).toEqual([
    'Acquire::http::Proxy "http://proxy.test:3128";',
    'Acquire::http::Proxy::local.test "DIRECT";',
    'Acquire::Check-Valid-Until "false";',
  ]);
});

test('wget learns the proxy from its environment', () => {
  expect(proxyEnvironment(pickAptConfiguration(dump))).toEqual({ http_proxy: 'http://proxy.test:3128' });
  expect(proxyEnvironment(['Acquire::http::Proxy "DIRECT";'])).toEqual({});
});
