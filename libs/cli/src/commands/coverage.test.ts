// Goal: whatever a user may ask of the mesh, the command can ask.
// Method: the methods that users may call are read from the contracts, the calls from the code.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadContract } from '@ramet/proto-gen/contract';

const CODE = new URL('../../src/', import.meta.url);
/** Offered to administrators who look into one executor; it is not an address the command has. */
const ELSEWHERE = ['/ramet.executor.v1.ExecutionService/ListExecutions'];

describe('the commands', () => {
  it('reach every method that users may call', () => {
    const code = readdirSync(fileURLToPath(CODE), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test)\.ts$/.test(name) && !name.includes('test-mesh'))
      .map((name) => readFileSync(new URL(name, CODE), 'utf8'))
      .join('\n');
    // The SDK has functions that are named like the methods that they call.
    const bySdk = [...code.matchAll(/import \{([^}]*)\} from '@ramet\/sdk'/g)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.trim());
    const missing = [...loadContract().rules]
      .filter(([path, { callers }]) => {
        return (
          callers.some((kind) => kind === 'user' || kind === 'admin') && !ELSEWHERE.includes(path)
        );
      })
      .map(([path]) => path)
      .filter((path) => {
        const [, , method = ''] = path.split('/');
        const name = `${method.charAt(0).toLowerCase()}${method.slice(1)}`;
        return !code.includes(bySdk.includes(name) ? ` ${name}(` : `.${name}(`);
      });

    assert.deepEqual(missing, []);
  });
});
