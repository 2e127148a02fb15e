// Goal: what a template says crosses the wire unchanged, and inputs do so without their secrets.
// Method: random specs from a seed, encoded and decoded as the wire does it.

import assert from 'node:assert/strict';
import { Stage, TemplateSpec } from '@ramet/proto-gen/lifecycle.v1';
import { seeded } from '@ramet/test/random';
import { keptInput } from './domain/inputs.js';
import { fromInputMessage, toInputMessage } from './override-messages.js';
import {
  fromPolicyMessage,
  fromSpecMessage,
  fromStageMessage,
  toPolicyMessage,
  toSpecMessage,
  toStageMessage,
} from './spec-messages.js';
import { specOf } from './testing/random-spec.js';

const ROUNDS = 200;

describe('the messages of a spec', () => {
  it('give back what they were made of', () => {
    const random = seeded(3);
    for (let round = 0; round < ROUNDS; round += 1) {
      const spec = specOf(random);
      const sent = TemplateSpec.decode(TemplateSpec.encode(toSpecMessage(spec)).finish());
      assert.deepEqual(fromSpecMessage(sent), spec, `round ${round}`);
      assert.deepEqual(fromPolicyMessage(toPolicyMessage(spec.policy)), spec.policy);
    }
  });

  it('keep how often teams has set the source of a stage that runs', () => {
    const stage = {
      name: 'main',
      work: {
        kind: 'source',
        source: { kind: 'process', bundle: 'b', tag: 'v1', command: ['x'], revision: 7 },
      },
      always: false,
      oncePerRelease: false,
      limits: {},
      ports: [],
    } as const;
    const sent = Stage.decode(Stage.encode(toStageMessage(stage)).finish());
    assert.deepEqual(fromStageMessage(sent), stage);
  });

  it('fill in what the contract says that an empty field means', () => {
    const { stages } = fromSpecMessage(
      TemplateSpec.fromPartial({
        stages: [
          {
            name: 'main',
            ports: [{ name: 'http' }],
            retry: {},
            probe: { check: { $case: 'http', value: { port: 'http' } } },
          },
        ],
      }),
    );
    assert.deepEqual(stages, [
      {
        name: 'main',
        work: { kind: 'bot' },
        always: false,
        oncePerRelease: false,
        limits: {},
        retry: { maxExecutions: 1, on: [] },
        probe: { check: { kind: 'http', port: 'http', path: '/' } },
        ports: [{ name: 'http', label: 'http', scheme: 'http' }],
      },
    ]);
  });

  it('believe no request about what the server sets', () => {
    const { stages, overrides } = fromSpecMessage(
      TemplateSpec.fromPartial({
        stages: [
          {
            work: {
              $case: 'source',
              value: {
                source: { $case: 'process', value: { bundle: 'b', command: ['x'] } },
                revision: 9,
              },
            },
          },
        ],
        overrides: [
          { name: 'A', scope: 1, layer: 3, value: 'v', digest: 'd' },
          { name: 'B', scope: 2, secret: true },
        ],
      }),
    );
    assert.equal(stages[0]?.work.kind === 'source' && stages[0].work.source.revision, 0);
    assert.deepEqual(overrides, [
      { name: 'A', scope: 'APP', layer: 'TEMPLATE', value: 'v', digest: '' },
      { name: 'B', scope: 'ENVIRONMENT', layer: 'TEMPLATE', value: '', digest: 'unsealed' },
    ]);
  });
});

describe('the message of an input', () => {
  const sha256 = Buffer.alloc(32, 7);

  it('shows nothing of an address from `?` or `#` on', () => {
    for (const rest of ['?token=hidden', '#hidden', '?a=b?hidden', '?', '']) {
      const asked = fromInputMessage({
        name: 'data.csv',
        source: { $case: 'url', value: `https://example.com/data${rest}` },
        sha256,
        maxBytes: 0n,
      });
      assert.deepEqual(toInputMessage(keptInput(asked, 'd1')), {
        name: 'data.csv',
        source: { $case: 'url', value: 'https://example.com/data' },
        sha256,
        maxBytes: 1_073_741_824n,
      });
    }
  });

  it('gives back a result', () => {
    const message = {
      name: 'x',
      source: { $case: 'result', value: { cloneId: 'cln_1', name: 'out/a b' } },
      sha256: Buffer.alloc(0),
      maxBytes: 5n,
    } as const;
    assert.deepEqual(toInputMessage(keptInput(fromInputMessage(message), '')), message);
  });
});
