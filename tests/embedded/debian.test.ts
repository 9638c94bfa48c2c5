import { describe, expect, it } from 'vitest';
import { isSourceOf, withSuite } from '../../src/embedded/debian/release.js';

const STANZA = {
  extension: '.sources' as const,
  text: 'Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n',
};
const LINE = {
  extension: '.list' as const,
  text: 'deb [signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/debian bookworm main contrib\n',
};

describe('the apt sources of a Debian', () => {
  it('knows the source of its own release from the others', () => {
    for (const source of [STANZA, LINE]) {
      expect(isSourceOf(source, 'bookworm')).toBe(true);
      expect(isSourceOf(source, 'trixie')).toBe(false);
    }
    expect(isSourceOf({ ...STANZA, text: `${STANZA.text}Enabled: no\n` }, 'bookworm')).toBe(false);
    expect(isSourceOf({ ...LINE, text: `# ${LINE.text}` }, 'bookworm')).toBe(false);
    expect(isSourceOf({ ...LINE, text: LINE.text.replace('bookworm', 'bookworm-security') }, 'bookworm')).toBe(false);
    expect(isSourceOf({ ...LINE, text: LINE.text.replace('deb ', 'deb-src ') }, 'bookworm')).toBe(false);
  });

  it('asks the same mirror for another suite', () => {
    expect(withSuite(STANZA, 'bookworm', 'trixie').text).toBe(
      'Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\n',
    );
    expect(withSuite(LINE, 'bookworm', 'trixie').text).toBe(
      'deb [signed-by=/usr/share/keyrings/some.gpg] http://mirror.test/debian trixie main contrib\n',
    );
  });
});
