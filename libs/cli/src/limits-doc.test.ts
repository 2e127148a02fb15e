// Goal: docs/limits.md tells every bound of the contracts, as it is.
// Method: the bounds are read from the descriptors and rendered as the table that must stand there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  createFileRegistry,
  type DescField,
  fromBinary,
  getOption,
  hasOption,
  type JsonObject,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadContract } from '@ramet/proto-gen/contract';

const DOCUMENT = new URL('../../../docs/limits.md', import.meta.url);
const IDS = /^\^[a-z]{3}_\[0-9a-z\]\{26\}\$$/;

/** What fields of these names have everywhere, as the text above the table says. */
const COMMON: Readonly<Record<string, string>> = {
  page_size: 'from 0',
  page_token: 'at most 1024 characters',
  etag: 'at most 64 characters',
  epoch: 'above 0; to 2147483647',
  request_id: '`^[A-Za-z0-9._:-]{1,64}$`',
};

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, loadContract().descriptorSet),
);

describe('docs/limits.md', () => {
  it('has each bound of the contracts', () => {
    const rows = boundsOf().map(([field, words]) => `| \`${field}\` | ${words} |`);
    const document = readFileSync(DOCUMENT, 'utf8');
    const told = [...document.matchAll(/^\| `\w+\.\w+\.\w+` \| .* \|$/gm)].map(([row]) => row);

    assert.deepEqual(told, rows, `the table should be\n${rows.join('\n')}`);
  });
});

function boundsOf(): readonly (readonly [field: string, words: string])[] {
  return [...registry]
    .filter((type) => type.kind === 'message')
    .filter(({ typeName }) => typeName.startsWith('ramet.'))
    .flatMap(({ typeName, fields }) => {
      const [, service, , message] = typeName.split('.');
      return fields.flatMap((field) => {
        const words = wordsOf(rulesOf(field));
        if (words === '' || words.replace('optional; ', '') === COMMON[field.name]) return [];
        return [[`${service}.${message}.${field.name}`, words] as const];
      });
    })
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

function rulesOf(field: DescField): JsonObject {
  const extension = registry.getExtension('buf.validate.field');
  assert.ok(extension?.message);
  if (!hasOption(field, extension)) return {};
  const rules = getOption(field, extension);
  return toJson(extension.message, rules as never, { registry }) as JsonObject;
}

/** What rules say in words. Ids all have one form, and stand in the text. */
function wordsOf(rules: JsonObject): string {
  const words: string[] = [];
  if (rules.ignore === 'IGNORE_IF_ZERO_VALUE') words.push('optional');
  for (const [kind, each] of Object.entries(rules)) {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) continue;
    words.push(...ruleWords(kind, each));
  }
  return words.every((word) => word === 'optional') ? '' : words.join('; ');
}

function ruleWords(kind: string, rules: JsonObject): readonly string[] {
  const unit = kind === 'bytes' ? 'bytes' : 'characters';
  return Object.entries(rules)
    .sort(lowerBoundFirst)
    .flatMap(([rule, value]) => {
      const text = String(value);
      switch (rule) {
        case 'minLen':
          return [`at least ${text} ${unit}`];
        case 'maxLen':
          return [`at most ${text} ${unit}`];
        case 'maxBytes':
          return [`at most ${text} bytes`];
        case 'minItems':
          return [`at least ${text}`];
        case 'maxItems':
        case 'maxPairs':
          return [`at most ${text}`];
        case 'gte':
          return [`from ${text}`];
        case 'lte':
          return [`to ${text}`];
        case 'gt':
          return [`above ${text}`];
        case 'finite':
          return ['finite'];
        case 'in':
          return [`one of ${listed(value)}`];
        case 'pattern':
          return IDS.test(text) ? [] : [`\`${text}\``];
        case 'items':
        case 'keys':
        case 'values':
          return nested(rule, value as JsonObject);
        default:
          return [];
      }
    });
}

function lowerBoundFirst([one]: [string, unknown], [other]: [string, unknown]): number {
  return Number(/^(gt|min)/.test(other)) - Number(/^(gt|min)/.test(one));
}

function nested(rule: string, rules: JsonObject): readonly string[] {
  const words = wordsOf(rules);
  const each = rule === 'items' ? 'each' : rule;
  return words === '' ? [] : [`${each}: ${words.replaceAll('; ', ', ')}`];
}

function listed(value: JsonValue | undefined): string {
  const values = Array.isArray(value) ? value : [];
  return values.map((each) => `\`${each === '' ? '(empty)' : String(each)}\``).join(', ');
}
