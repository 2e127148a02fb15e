import assert from 'node:assert/strict';
import { Key } from '@ramet/proto-gen/keys.v1';
import { Clone } from '@ramet/proto-gen/lifecycle.v1';
import { RemoteError } from '@ramet/rpc';
import { systemClock } from '@ramet/service';
import { withoutLineEnd } from '../commands/secret.js';
import { EXIT_OF_STATUS } from '../exit-code.js';
import { failureJson, layFailure, toFailure } from './errors.js';
import { layFields } from './fields.js';
import { jsonWriter, shape } from './json.js';
import { paintFor } from './paint.js';
import { type Column, layTable } from './table.js';
import { age, bytes, milliseconds } from './values.js';
import { truncate, visible, widthOf } from './width.js';

interface Row {
  readonly id: string;
  readonly text: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'TEXT', value: ({ text }) => text, flexible: true },
  { title: 'N', value: ({ text }) => `${text.length}`, right: true },
];

const WIDTHS: readonly (readonly [string, number])[] = [
  ['', 0],
  ['abc', 3],
  ['日本', 4],
  ['e\u0301', 1],
  ['🚀', 2],
  ['\u001b[31mred\u001b[0m', 3],
];

const AGES: readonly (readonly [number, string])[] = [
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_600_000, '1h'],
  [200_000_000, '2d'],
  [-5_000, '0s'],
];

const SIZES: readonly (readonly [bigint, string])[] = [
  [0n, '0B'],
  [1_023n, '1023B'],
  [67_108_864n, '64MiB'],
  [1_572_864n, '1.5MiB'],
];

const SECRETS: readonly (readonly [string, Buffer, Buffer])[] = [
  ['a text with a line end', Buffer.from('secret\n'), Buffer.from('secret')],
  ['a text with a foreign line end', Buffer.from('secret\r\n'), Buffer.from('secret')],
  ['a text with two line ends', Buffer.from('secret\n\n'), Buffer.from('secret\n')],
  ['a text without one', Buffer.from('secret'), Buffer.from('secret')],
  ['bytes that end like a line', Buffer.from([0, 1, 255, 10]), Buffer.from([0, 1, 255, 10])],
];

describe('layTable', () => {
  const rows = [
    { id: 'a', text: 'short' },
    { id: 'long-id', text: 'a text that is longer than others' },
  ];

  it('puts columns below one another', () => {
    assert.deepEqual(layTable(COLUMNS, rows).split('\n'), [
      'ID       TEXT                                N',
      'a        short                               5',
      'long-id  a text that is longer than others  33',
      '',
    ]);
  });

  it('cuts flexible columns to the width of the terminal', () => {
    const lines = layTable(COLUMNS, rows, 25).split('\n');

    assert.equal(lines[2], 'long-id  a text that…  33');
    for (const line of lines) assert.ok(widthOf(line) <= 25, line);
  });

  it('keeps what is not flexible whole, however narrow the terminal', () => {
    assert.match(layTable(COLUMNS, rows, 5), /long-id {2}a text …/);
  });

  it('shows what a terminal could take for a command, and marks what is empty', () => {
    const table = layTable(COLUMNS, [{ id: '', text: 'a\u001b[2J\nb' }]);

    assert.match(table, /^- {3}a\\u001b\[2J\\nb/m);
  });
});

describe('layFields', () => {
  it('aligns the texts and leaves out empty ones', () => {
    assert.equal(
      layFields([
        ['id', 'x'],
        ['none', ''],
        ['phase', 'y'],
      ]),
      'id:     x\nphase:  y\n',
    );
  });
});

describe('widthOf', () => {
  for (const [text, width] of WIDTHS) {
    it(`is ${width} for ${JSON.stringify(text)}`, () => {
      assert.equal(widthOf(text), width);
    });
  }

  it('is kept to by truncate', () => {
    assert.equal(truncate('日本語', 4), '日…');
    assert.equal(truncate('abc', 3), 'abc');
    assert.equal(truncate('abc', 0), '');
  });
});

describe('visible', () => {
  it('writes control characters and changes of direction out', () => {
    assert.equal(visible('a\u001b\u0007\u009b\u202e\tb'), 'a\\u001b\\u0007\\u009b\\u202e\\tb');
    assert.equal(visible('süß 日本 🚀'), 'süß 日本 🚀');
  });
});

describe('values', () => {
  const clock = { ...systemClock, now: () => new Date('2030-01-01T00:00:00Z') };
  for (const [ms, text] of AGES) {
    it(`show an age of ${ms} ms as ${text}`, () => {
      assert.equal(age(new Date(clock.now().getTime() - ms), clock), text);
    });
  }
  for (const [count, text] of SIZES) {
    it(`show ${count} bytes as ${text}`, () => {
      assert.equal(bytes(count), text);
    });
  }

  it('show lengths of time', () => {
    assert.deepEqual([250, 90_000, 90_061_000].map(milliseconds), ['250ms', '1m30s', '1d1h1m1s']);
  });
});

describe('paintFor', () => {
  it('leaves texts alone where there is no terminal', () => {
    assert.equal(paintFor(false).state('FAILED'), 'FAILED');
    assert.equal(widthOf(paintFor(true).state('FAILED')), 6);
  });
});

describe('jsonWriter', () => {
  const toJson = jsonWriter();

  it('writes enums by name, times as RFC 3339, 64 bits as text, bytes as base64', () => {
    const clone = Clone.fromPartial({
      id: 'cln_1',
      phase: 4,
      createTime: new Date('2030-01-01T00:00:00.5Z'),
      limits: { memoryBytes: 67_108_864n, runTime: { seconds: 1n, nanos: 500_000_000 } },
      owner: { owner: { $case: 'userId', value: 'usr_1' } },
    });

    const json = toJson(shape('lifecycle.v1.Clone', Clone), clone) as Record<string, unknown>;

    assert.equal(json.phase, 'CLONE_PHASE_RUNNING');
    assert.equal(json.createTime, '2030-01-01T00:00:00.500Z');
    assert.deepEqual(json.limits, {
      ...{ memoryBytes: '67108864', runTime: '1.500s' },
      ...{ cpuMillis: '0', storageBytes: '0' },
    });
    assert.deepEqual(json.owner, { userId: 'usr_1' });
  });

  it('has every field, also those that are empty', () => {
    const json = toJson(
      shape('keys.v1.Key', Key),
      Key.fromPartial({ publicKey: Buffer.from('a') }),
    );

    const { name, labels, publicKey, hold } = json as Record<string, unknown>;
    assert.deepEqual([name, labels, publicKey, hold], ['', {}, 'YQ==', undefined]);
  });
});

describe('toFailure', () => {
  for (const [status, exitCode] of Object.entries(EXIT_OF_STATUS)) {
    it(`ends with ${exitCode} for ${status}`, () => {
      const error = new RemoteError(status as keyof typeof EXIT_OF_STATUS, 'no');
      assert.equal(toFailure(error, false).exitCode, exitCode);
    });
  }

  it('ends with 130 for whatever was thrown after an interruption', () => {
    assert.equal(toFailure(new RemoteError('CANCELLED', 'no'), true).exitCode, 130);
  });

  it('never lets a foreign text command the terminal', () => {
    const error = new RemoteError('INTERNAL', 'a\u001b[2J', { metadata: { a: '\u0007' } });

    const text = layFailure(toFailure(error, false));

    assert.equal(text, 'error: a\\u001b[2J (INTERNAL)\n  a: \\u0007\n');
  });

  it('says a status once whose reason has the same name', () => {
    const name = 'PERMISSION_DENIED';
    const error = new RemoteError(name, 'no', { reason: name });

    assert.equal(layFailure(toFailure(error, false)), `error: no (${name})\n`);
  });

  it('is one line of JSON for programs', () => {
    const json = failureJson(toFailure(new RemoteError('NOT_FOUND', 'no\nsuch'), false));

    assert.equal(json.trim().split('\n').length, 1);
    assert.equal((JSON.parse(json) as { error: { code: string } }).error.code, 'NOT_FOUND');
  });
});

describe('withoutLineEnd', () => {
  for (const [name, given, secret] of SECRETS) {
    it(`takes ${name} as it is meant`, () => {
      assert.deepEqual(withoutLineEnd(given), secret);
    });
  }
});
