// Goal: the contracts keep the promises of API.md: rules, comments, bounds, secrets, reasons.
// Method: walks over the descriptors, and over the sources that use them. Nothing runs.

import assert from 'node:assert/strict';
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { peerOf, readContract, typesWithin } from '../security/support/contract.js';
import { isBounded } from './support/bounds.js';
import { grpcurlLineOf, rpcComments } from './support/grpcurl-line.js';
import { reasonsUsed } from './support/reasons-used.js';

const { files, rpcs, encode } = readContract();
const COMMENTS = rpcComments();
const PUBLIC = rpcs.filter(({ room, rule }) => {
  return (
    room !== 'runner' && rule?.callers.some((kind) => ['anyone', 'user', 'admin'].includes(kind))
  );
});

/** RPCs of administrators that also have another way in, for people to use by the command line. */
const WITHOUT_GRPCURL = new Set(['ramet.executor.v1.ExecutionService/ListExecutions']);

/** Reasons that no call fails with, and why they are there. */
const RESERVED = new Map([
  ['REQUEST_MALFORMED', 'bytes that are no message are REQUEST_INVALID, with the field being read'],
  ['REPORT_STALE', 'reports that are late change nothing; EPOCH_STALE ends their runner'],
  ['START_FAILED', 'the reason of an outcome: a clone fails with it, no call does'],
]);

/** What stands for ids and credentials in the grpcurl lines. */
const EXAMPLE: Readonly<Record<string, string>> = {
  USER_ID: `usr_${'0'.repeat(26)}`,
  TEAM_ID: `tem_${'0'.repeat(26)}`,
  BOT_ID: `bot_${'0'.repeat(26)}`,
  KEY_ID: `key_${'0'.repeat(26)}`,
  CLONE_ID: `cln_${'0'.repeat(26)}`,
  GRANT_ID: `gra_${'0'.repeat(26)}`,
  API_KEY_ID: `apk_${'0'.repeat(26)}`,
  TEMPLATE_ID: `tpl_${'0'.repeat(26)}`,
  ACTION_ID: `act_${'0'.repeat(26)}`,
  WEBHOOK_ID: `whk_${'0'.repeat(26)}`,
  DELIVERY_ID: `whk_${'0'.repeat(26)}-png_${'0'.repeat(26)}-0`,
};

/** Fields of answers that are credentials: made for the caller, shown once, and redacted. */
const CREDENTIALS = new Set([
  'ramet.teams.v1.BootstrapAdminResponse.api_key',
  'ramet.teams.v1.ExchangeTokenResponse.token',
  'ramet.teams.v1.ExchangeIdentityTokenResponse.token',
  'ramet.teams.v1.ExchangeSignedRequestResponse.token',
  'ramet.teams.v1.LogInResponse.token',
  'ramet.teams.v1.LogInResponse.refresh_token',
  'ramet.teams.v1.RefreshTokenResponse.token',
  'ramet.teams.v1.RefreshTokenResponse.refresh_token',
  'ramet.teams.v1.CreateApiKeyResponse.secret',
  'ramet.teams.v1.LogInResponse.token',
  'ramet.teams.v1.LogInResponse.refresh_token',
  'ramet.teams.v1.RefreshTokenResponse.token',
  'ramet.teams.v1.RefreshTokenResponse.refresh_token',
  'ramet.teams.v1.ExchangeSignedRequestResponse.token',
  'ramet.lifecycle.v1.CreateWebhookResponse.secret',
  'ramet.lifecycle.v1.RotateWebhookSecretResponse.secret',
  'ramet.teams.v1.MintWorkloadTokenResponse.token',
  'ramet.teams.v1.RenewWorkloadTokenResponse.token',
]);
const LIKE_A_SECRET = /secret|passw|private|credential|api_key$|token$|seed|mnemonic|bearer|pem$/;

describe('the contracts', () => {
  for (const { name, rule, method } of rpcs) {
    it(`say who may call ${name}`, () => {
      assert.ok(rule && rule.callers.length > 0);
      assert.match(rule.action, /^[a-z_]+\.[a-z_]+$/);
      assert.equal(rule.services.length > 0, rule.callers.includes('service'), 'services');
    });

    it(`keep what ${name} changes in the audit`, () => {
      const readsOnly = method.idempotency === Idempotency.NO_SIDE_EFFECTS;
      if (readsOnly) assert.notEqual(rule?.audit, 'write');
    });
  }

  for (const rpc of PUBLIC) {
    if (WITHOUT_GRPCURL.has(rpc.name)) continue;
    it(`end the comment of ${rpc.name} with a grpcurl line that fits it`, () => {
      const line = grpcurlLineOf(COMMENTS.get(rpc.name) ?? '');
      assert.ok(line, 'no grpcurl line at the end of the comment');
      assert.equal(line.path, rpc.name);
      assert.equal(line.server, peerOf(rpc.room).toUpperCase());
      assert.equal(line.hasToken, !rpc.rule?.callers.includes('anyone'));
      encode(rpc, JSON.parse(line.body(EXAMPLE)));
    });
  }

  for (const type of messagesOf(rpcs.map(({ method }) => method.input))) {
    it(`bound every field of ${type.typeName}, which requests are made of`, () => {
      const unbounded = type.fields.filter((field) => !isBounded(field, files));
      assert.deepEqual(
        unbounded.map(({ name }) => name),
        [],
      );
    });
  }

  it('name and number the kinds of clones alike at lifecycle and at teams', () => {
    const kindsOf = (name: string): readonly string[] =>
      (files.getEnum(name)?.values ?? []).map(
        ({ name, number }) => `${name.replace(/^(CLONE|ENTITLED)_KIND_/, '')} ${number}`,
      );
    const kinds = kindsOf('ramet.lifecycle.v1.CloneKind');
    assert.ok(kinds.includes('BOT 1'));
    assert.deepEqual(kindsOf('ramet.teams.v1.EntitledKind'), kinds);
  });

  it('have no field for a secret in an answer, but for credentials shown once', () => {
    const fields = messagesOf(rpcs.map(({ method }) => method.output)).flatMap(
      ({ fields }) => fields,
    );
    const suspicious = fields.filter(isLikeASecret).map(pathOf);
    assert.deepEqual(new Set(suspicious), CREDENTIALS);
  });

  it('mark every field that carries a secret as redacted', () => {
    const types = messagesOf(rpcs.flatMap(({ method }) => [method.input, method.output]));
    const open = types
      .flatMap(({ fields }) => fields)
      .filter((field) => isLikeASecret(field) && !isRedacted(field));
    assert.deepEqual(open.map(pathOf), []);
  });

  it('put no secret into what is stored or published', () => {
    const events = [...files].filter(
      (type): type is DescMessage => type.kind === 'message' && /\/events$/.test(type.file.name),
    );
    assert.ok(events.length > 0);
    const suspicious = messagesOf(events).flatMap(({ fields }) => fields.filter(isLikeASecret));
    assert.deepEqual(suspicious.map(pathOf), []);
  });
});

describe('the reasons of errors', () => {
  const used = reasonsUsed();
  const registry = files.getEnum('ramet.errors.v1.ErrorReason');
  assert.ok(registry);
  const known = registry.values
    .filter(({ number }) => number !== 0)
    .map(({ name }) => name.replace('ERROR_REASON_', ''));

  it('are all in the registry', () => {
    const unknown = [...used].filter(([reason]) => !known.includes(reason));
    assert.deepEqual(unknown, []);
  });

  for (const reason of known) {
    it(`have a use for ${reason}, or a note that they have none`, () => {
      assert.notEqual(used.has(reason), RESERVED.has(reason));
    });
  }
});

function messagesOf(roots: readonly DescMessage[]): readonly DescMessage[] {
  const all = new Set(roots.flatMap(typesWithin));
  return [...all].filter(({ typeName }) => typeName.startsWith('ramet.'));
}

function isLikeASecret({ name, fieldKind, scalar }: DescField): boolean {
  const isPage = name === 'page_token' || name === 'next_page_token';
  // One bit can say that there is a secret, and tell nothing of it.
  const canCarry = fieldKind === 'scalar' && scalar !== ScalarType.BOOL;
  return canCarry && !isPage && LIKE_A_SECRET.test(name);
}

function isRedacted({ proto }: DescField): boolean {
  return proto.options?.debugRedact === true;
}

function pathOf({ parent, name }: DescField): string {
  return `${parent.typeName}.${name}`;
}
