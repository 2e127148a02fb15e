// Goal: the example in docs/templates.md is one that `ramet templates apply` takes, and has it all.
// Method: it is read as the command reads a file; the fields are those of the contract.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadContract } from '@ramet/proto-gen/contract';
import { CreateTemplateRequest } from '@ramet/proto-gen/lifecycle.v1';
import { parseMessage } from './parse/message.js';

const text = readFileSync(new URL('../../../docs/templates.md', import.meta.url), 'utf8');
const example = /```json\n(.*?)```/s.exec(text)?.[1] ?? '';

/** What the server sets, what is told of images, and the other ways to look at health. */
const ELSEWHERE = new Set([
  ...['revision', 'secret', 'layer', 'digest', 'image', 'repository', 'tcp'],
]);

describe('docs/templates.md', () => {
  it('has an example that can be applied', () => {
    const type = 'lifecycle.v1.CreateTemplateRequest';
    const { name, spec } = parseMessage({ type, code: CreateTemplateRequest }, example);
    assert.deepEqual([name, spec?.stages.length], ['shop', 3]);
  });

  it('has an example of every field of a spec', () => {
    const registry = createFileRegistry(
      fromBinary(FileDescriptorSetSchema, loadContract().descriptorSet),
    );
    const spec = registry.getMessage('ramet.lifecycle.v1.TemplateSpec') ?? assert.fail();
    const missing = fieldsWithin(spec).filter((name) => {
      return !ELSEWHERE.has(name) && !example.includes(`"${name}"`);
    });
    assert.deepEqual(missing, []);
  });
});

function fieldsWithin(type: DescMessage): readonly string[] {
  return type.fields.flatMap(({ jsonName, message }) => {
    const isOurs = message?.typeName.startsWith('ramet.');
    return [jsonName, ...(isOurs && message ? fieldsWithin(message) : [])];
  });
}
