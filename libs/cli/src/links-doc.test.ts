// Goal: what the documents point at is there: files, headings, and the tests that hold invariants.
// Method: every link and every named test of every document is looked up.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOUSE = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDERS = ['.', 'docs', 'docs/decisions', 'services', 'deploy', 'test', 'libs'];
const INVARIANTS = 13;

describe('the documents', () => {
  for (const path of documents()) {
    it(`point at what is there: ${relative(HOUSE, path)}`, () => {
      const text = readFileSync(path, 'utf8').replace(/```.*?```|`[^`\n]*`/gs, '');
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
      const broken = links.filter((target) => !/^[a-z]+:/.test(target) && !resolves(path, target));

      assert.deepEqual(broken, []);
    });
  }

  it('name tests that exist', () => {
    const texts = ['ARCHITECTURE.md', 'docs/edge-cases.md'].map((path) => {
      return readFileSync(join(HOUSE, path), 'utf8');
    });
    const text = texts.join('\n');
    const named = [...text.matchAll(/`([\w./-]+\.test\.ts)`(?: "([^"]+)")?/g)];
    const missing = named.filter(([, file = '', title]) => {
      const path = join(HOUSE, file);
      return !existsSync(path) || (title && !readFileSync(path, 'utf8').includes(title));
    });

    assert.deepEqual(
      missing.map(([each]) => each),
      [],
    );
  });

  it('name a test for each invariant', () => {
    const text = readFileSync(join(HOUSE, 'ARCHITECTURE.md'), 'utf8');
    const held = [...text.matchAll(/^\| (\d+) \| .* \| .*`[\w./-]+\.(?:test|suite)\.ts`/gm)];

    assert.deepEqual(
      held.map(([, number]) => Number(number)),
      Array.from({ length: INVARIANTS }, (_, index) => index + 1),
    );
  });
});

function documents(): readonly string[] {
  return FOLDERS.flatMap((folder) => {
    const path = join(HOUSE, folder);
    return folder === '.' || folder.startsWith('docs') ? markdownIn(path, 1) : markdownIn(path, 3);
  });
}

function markdownIn(folder: string, depth: number): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 1 && !['node_modules', 'dist'].includes(entry.name)) {
      return markdownIn(path, depth - 1);
    }
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

function resolves(from: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(path)) return false;
  return heading === undefined || (statSync(path).isFile() && headingsOf(path).includes(heading));
}

/** The anchors that a document's headings get. */
function headingsOf(path: string): readonly string[] {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, title = '']) => {
    const kept = title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '');
    return kept.replaceAll(' ', '-');
  });
}
