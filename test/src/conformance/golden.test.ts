// Goal: what was stored or published can be read for ever, and means what it meant.
// Method: examples of every event, as bytes that were written once. They are never changed: a field
// that is new gets one more example. GOLDEN=write makes the ones that are missing.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { StorageChanged, WorkloadChanged } from '@ramet/proto-gen/executor.v1';
import { GrantChanged, KeyChanged, SealChanged } from '@ramet/proto-gen/keys.v1';
import {
  CloneChanged,
  OwnerOverridesChanged,
  TemplateChanged,
} from '@ramet/proto-gen/lifecycle.v1';
import {
  ApiKeyChanged,
  BotChanged,
  IdentityProviderChanged,
  InvitationChanged,
  PersonalSource,
  ProviderChanged,
  RefreshTokenReused,
  StandingChanged,
  TeamChanged,
  UserChanged,
} from '@ramet/proto-gen/teams.v1';
import { readContract, typesWithin } from '../security/support/contract.js';
import { exampleOf } from './support/example.js';

const GOLDEN = new URL('../../src/conformance/golden/', import.meta.url);
const VARIANTS = 2;

interface Codec {
  decode(bytes: Uint8Array): unknown;
  encode(message: never): { finish(): Uint8Array };
}

/** What the services write and read with. */
const CODECS: Readonly<Record<string, Codec>> = {
  'ramet.executor.v1.StorageChanged': StorageChanged,
  'ramet.executor.v1.WorkloadChanged': WorkloadChanged,
  'ramet.keys.v1.GrantChanged': GrantChanged,
  'ramet.keys.v1.KeyChanged': KeyChanged,
  'ramet.keys.v1.SealChanged': SealChanged,
  'ramet.lifecycle.v1.CloneChanged': CloneChanged,
  'ramet.lifecycle.v1.OwnerOverridesChanged': OwnerOverridesChanged,
  'ramet.lifecycle.v1.TemplateChanged': TemplateChanged,
  'ramet.teams.v1.ApiKeyChanged': ApiKeyChanged,
  'ramet.teams.v1.BotChanged': BotChanged,
  'ramet.teams.v1.IdentityProviderChanged': IdentityProviderChanged,
  'ramet.teams.v1.InvitationChanged': InvitationChanged,
  'ramet.teams.v1.PersonalSource': PersonalSource,
  'ramet.teams.v1.ProviderChanged': ProviderChanged,
  'ramet.teams.v1.RefreshTokenReused': RefreshTokenReused,
  'ramet.teams.v1.StandingChanged': StandingChanged,
  'ramet.teams.v1.TeamChanged': TeamChanged,
  'ramet.teams.v1.UserChanged': UserChanged,
};

const { files } = readContract();
const EVENTS = [...files].filter(
  (type): type is DescMessage =>
    type.kind === 'message' && /^ramet\/.*\/events$/.test(type.file.name),
);
if (process.env.GOLDEN === 'write') for (const type of EVENTS) writeMissing(type);

describe('the events', () => {
  it('are all known here', () => {
    assert.deepEqual(EVENTS.map(({ typeName }) => typeName).sort(), Object.keys(CODECS));
  });

  for (const type of EVENTS) {
    it(`have an example of every field of ${type.typeName}`, () => {
      assert.deepEqual(fieldsWithoutExample(type), []);
    });
  }

  for (const [name, hex] of examples()) {
    it(`are read and written as in ${name}`, () => {
      const bytes = Buffer.from(hex.trim(), 'hex');
      assert.equal(rewritten(typeNameOf(name), bytes), bytes.toString('hex'));
    });

    it(`mean what they meant in ${name}`, () => {
      const meaning: JsonValue = JSON.parse(readFileSync(meaningOf(name), 'utf8'));
      assert.deepEqual(read(name, hex), meaning);
    });
  }
});

/** The bytes as a service would write them that has read them. */
function rewritten(typeName: string, bytes: Uint8Array): string {
  const codec = CODECS[typeName];
  assert.ok(codec);
  return Buffer.from(codec.encode(codec.decode(bytes) as never).finish()).toString('hex');
}

function read(name: string, hex: string): JsonValue {
  const type = files.getMessage(typeNameOf(name));
  assert.ok(type);
  const message = fromBinary(type, Buffer.from(hex.trim(), 'hex'));
  return toJson(type, message, { registry: files, useProtoFieldName: true });
}

/** The fields, however deep, that no example has a value for. */
function fieldsWithoutExample(type: DescMessage): readonly string[] {
  const texts = examples()
    .filter(([name]) => typeNameOf(name) === type.typeName)
    .map(([name]) => readFileSync(meaningOf(name), 'utf8'));
  const ours = typesWithin(type).filter(({ typeName }) => typeName.startsWith('ramet.'));
  return ours
    .flatMap(({ typeName, fields }) => fields.map(({ name }) => [typeName, name] as const))
    .filter(([, name]) => !texts.some((text) => text.includes(`"${name}":`)))
    .map(([typeName, name]) => `${typeName}.${name}`);
}

function examples(): readonly (readonly [string, string])[] {
  const names = readdirSync(GOLDEN).filter((name) => name.endsWith('.hex'));
  return names.sort().map((name) => [name, readFileSync(new URL(name, GOLDEN), 'utf8')]);
}

/** `ramet.keys.v1.KeyChanged.1.hex` is the first example of `ramet.keys.v1.KeyChanged`. */
function typeNameOf(name: string): string {
  return name.replace(/\.\d+\.hex$/, '');
}

function meaningOf(name: string): URL {
  return new URL(name.replace(/\.hex$/, '.json'), GOLDEN);
}

function writeMissing(type: DescMessage): void {
  if (fieldsWithoutExample(type).length === 0) return;
  const start = examples().filter(([name]) => typeNameOf(name) === type.typeName).length;
  for (let variant = 0; variant < VARIANTS; variant += 1) {
    const name = `${type.typeName}.${start + variant + 1}.hex`;
    const message = fromJson(type, exampleOf(type, variant), { registry: files });
    const hex = rewritten(type.typeName, toBinary(type, message));
    writeFileSync(new URL(name, GOLDEN), `${hex}\n`);
    writeFileSync(meaningOf(name), `${JSON.stringify(read(name, hex), null, 2)}\n`);
  }
}
