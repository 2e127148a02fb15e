// Goal: docs/running.md tells every setting of every service, and no other.
// Method: the settings tables in the code are read as texts and compared with those of the document.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HOUSE = fileURLToPath(new URL('../../../', import.meta.url));
const SERVICES = ['teams', 'keys', 'lifecycle', 'executor'] as const;

describe('docs/running.md', () => {
  const document = readFileSync(`${HOUSE}docs/running.md`, 'utf8');

  for (const service of SERVICES) {
    it(`has the settings of ${service}`, () => {
      const own = readFileSync(`${HOUSE}services/${service}/src/config.ts`, 'utf8');
      assert.match(own, /\.\.\.TLS_SETTINGS/);
      const code = own + readFileSync(`${HOUSE}libs/config/src/tls.ts`, 'utf8');
      const [, section = ''] = document.split(`\n### ${service}\n`);
      const [table = ''] = section.split('\n#');

      assert.deepEqual(named(table, /^\| (`.*?`) \|/gm), named(code, /env: '([A-Z_]+)'/g));
    });
  }

  it('has the variables of the command', () => {
    const [, section = ''] = document.split('\n## Settings of `ramet`\n');
    const [table = ''] = section.split('\n#');
    const files = ['connection/target.ts', 'connection/config-file.ts', 'machine.ts'];
    const code = files.map((file) => readFileSync(`${HOUSE}libs/cli/src/${file}`, 'utf8')).join('');

    const told = named(table, /^\| (`.*?`) \|/gm).filter((name) => name.startsWith('RAMET_'));
    assert.deepEqual(told, [...new Set(named(code, /env\.(RAMET_[A-Z_]+)/g))]);
  });

  it('has the settings of the launcher', () => {
    const path = `${HOUSE}deploy/local/src/commands/settings.ts`;
    assert.ok(existsSync(path));
    const [, section = ''] = document.split('\n## The embedded mesh\n');
    const [table = ''] = section.split('\n#');
    const given = named(readFileSync(path, 'utf8'), /env: '([A-Z_]+)'/g);

    assert.deepEqual(
      named(table, /^\| (`[A-Z_]+`) \|/gm),
      given.filter((name) => name !== 'PATH'),
    );
  });
});

function named(text: string, pattern: RegExp): readonly string[] {
  const found = [...text.matchAll(pattern)].flatMap(([, names = '']) => {
    return [...names.matchAll(/[A-Z][A-Z_]+/g)].map(([name]) => name);
  });
  return found.sort();
}
