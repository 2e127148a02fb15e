// Goal: what is told of errors is what there is.
// Method: the registry and the document are read as texts and compared.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT_OF_STATUS } from './exit-code.js';

const HOUSE = fileURLToPath(new URL('../../..', import.meta.url));
const REGISTRY = join(HOUSE, 'proto/ramet/errors/v1/error_reason.proto');
const DOCUMENT = join(HOUSE, 'docs/errors.md');

interface Reason {
  readonly reason: string;
  readonly code: string;
}

describe('docs/errors.md', () => {
  it('has each reason of the registry, in its order, with its code', () => {
    assert.deepEqual(documented(), registered());
  });

  it('has the exit code of each status', () => {
    const rows = readFileSync(DOCUMENT, 'utf8').matchAll(/^\| (\d+) \| .* \| (.*) \|$/gm);
    const told = [...rows].flatMap(([, exitCode, statuses = '']) => {
      return [...statuses.matchAll(/`([A-Z_]+)`/g)].map(([, status]) => [status, Number(exitCode)]);
    });

    assert.deepEqual(Object.fromEntries(told), { ...EXIT_OF_STATUS });
  });
});

function registered(): readonly Reason[] {
  const text = readFileSync(REGISTRY, 'utf8');
  const values = text.matchAll(
    /\/\/ ([A-Z_]+): (?:[^\n]*\n\s*\/\/ )*[^\n]*\n\s*ERROR_REASON_([A-Z_]+) =/g,
  );
  return [...values].map(([, code = '', reason = '']) => ({ reason, code }));
}

function documented(): readonly Reason[] {
  const rows = readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `([A-Z_]+)` \| `([A-Z_]+)` \|/gm);
  return [...rows].map(([, reason = '', code = '']) => ({ reason, code }));
}
