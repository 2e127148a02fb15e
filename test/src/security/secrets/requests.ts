import type { JsonValue } from '@bufbuild/protobuf';
import { systemIds } from '@ramet/service';
import { delimited, joined } from '../input/wire.js';
import type { Registry, Rpc } from '../support/contract.js';
import { aName, type Things } from '../support/story.js';
import { type Canary, canary } from './finder.js';

/** A request that carries a secret and is refused. */
export interface SecretRequest {
  readonly what: string;
  readonly rpc: Rpc;
  readonly bytes: Uint8Array;
  readonly canary: Canary;
  /** Shown instead of the caller's own token. */
  readonly token?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly isAnonymous?: boolean;
}

type Ids = Pick<Things, 'userId' | 'teamId'>;

/** Requests that are refused, each for a reason of its own, after somebody put a secret in. */
export function refusedRequests(contract: Registry, { userId, teamId }: Ids): SecretRequest[] {
  const createKey = contract.rpc('ramet.keys.v1.KeyService/CreateKey');
  const key = (secret: Buffer, more: Readonly<Record<string, JsonValue>> = {}): Uint8Array =>
    contract.encode(createKey, {
      owner: { userId },
      name: aName(),
      algorithm: 'KEY_ALGORITHM_HMAC_SHA256',
      secret: secret.toString('base64'),
      ...more,
    });
  const keyed = (what: string, make: (secret: Buffer) => Uint8Array, size = 32): SecretRequest => {
    const secret = systemIds.bytes(size);
    return { what, rpc: createKey, bytes: make(secret), canary: canary(what, secret) };
  };
  return [
    keyed('a key that is too long for the contract', key, 5_000),
    keyed('a key that is too short for its algorithm', key, 15),
    keyed(
      'a key that does not fit its algorithm',
      (secret) => key(secret, { algorithm: 'KEY_ALGORITHM_ED25519' }),
      40,
    ),
    keyed('a key for a team of others', (secret) => key(secret, { owner: { teamId } })),
    keyed('a key with a name that is none', (secret) => key(secret, { name: 'Not A Name' })),
    keyed('a key that is its own name', (secret) => key(secret, { name: secret.toString('hex') })),
    keyed('a key that is its own request id', (secret) =>
      key(secret, { requestId: `${secret.toString('base64')}!` }),
    ),
    keyed('a key in a broken message', (secret) => key(secret).slice(0, -1)),
    keyed('a key in a message with garbage after it', (secret) => {
      return joined([key(secret), Uint8Array.of(0)]);
    }),
    keyed('a key for no owner', (secret) => delimited(8, secret)),
    { ...keyed('a key of nobody', key), isAnonymous: true },
    ...refusedCredentials(contract),
  ];
}

function refusedCredentials(contract: Registry): SecretRequest[] {
  const random = (): string => systemIds.bytes(32).toString('base64url');
  const [exchange, bootstrap, getUser, accept] = [
    contract.rpc('ramet.teams.v1.TokenService/ExchangeToken'),
    contract.rpc('ramet.teams.v1.SetupService/BootstrapAdmin'),
    contract.rpc('ramet.teams.v1.UserService/GetUser'),
    contract.rpc('ramet.teams.v1.InvitationService/AcceptInvitation'),
  ];
  const make = (what: string, rpc: Rpc, of: (secret: string) => JsonValue): SecretRequest => {
    const secret = random();
    return {
      ...{ what, rpc, canary: canary(what, secret), isAnonymous: true },
      bytes: contract.encode(rpc, of(secret)),
    };
  };
  const shown = (what: string, secret: string): SecretRequest => ({
    ...{ what, rpc: getUser, canary: canary(what, secret), token: secret },
    bytes: new Uint8Array(),
  });
  const header = random();
  return [
    make('an API key that is none', exchange, (secret) => ({ apiKey: secret })),
    make('an API key that is too long', exchange, (secret) => ({ apiKey: secret.repeat(9) })),
    make('a bootstrap token that is none', bootstrap, (secret) => ({
      ...{ bootstrapToken: secret, name: 'root' },
    })),
    make('a bootstrap token for no name', bootstrap, (secret) => ({ bootstrapToken: secret })),
    { ...make('an invitation code', accept, (code) => ({ code })), isAnonymous: false },
    shown('a token that is none', random()),
    shown('a token that looks like one', `eyJhbGciOiJFZERTQSJ9.e30.${random()}`),
    shown('a password', `pass:word ${random()}`),
    {
      ...shown('a secret in a header of its own', header),
      token: 'nonsense',
      metadata: { 'x-api-key': header, 'x-correlation-id': `${header} `.repeat(9) },
    },
  ];
}
