import { invalid, type PublicError } from '@ramet/errors';
import type { Draft, EvmFacts } from '../scheme.js';
import { walletDraft } from './evm-message.js';
import { type Json, readJson } from './json.js';
import { hashStruct } from './typed-data.js';
import { type Field, NotTypedData, Types } from './typed-data-types.js';

/** Typed data that can be signed. */
export interface TypedData {
  readonly facts: EvmFacts;
  draft(): Draft;
}

/** The members that a domain can have, in the order of EIP-712. */
const DOMAIN: readonly Field[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
];

const MEMBERS = ['types', 'primaryType', 'domain', 'message'];

/**
 * Reads typed data as `eth_signTypedData_v4` takes it (EIP-712).
 *
 * Strict: no member that the types do not have, none missing. Throws REQUEST_INVALID, and says
 * where.
 */
export function readTypedData(json: string): TypedData {
  const read = readJson(Buffer.from(json));
  if ('problem' in read) throw refused('', read.problem);
  try {
    return typedDataOf(read.value);
  } catch (thrown) {
    if (thrown instanceof NotTypedData) throw refused(thrown.path, thrown.message);
    throw thrown;
  }
}

function typedDataOf(json: Json): TypedData {
  if (!(json instanceof Map)) throw new NotTypedData('', 'must be an object');
  for (const member of json.keys()) {
    if (!MEMBERS.includes(member))
      throw new NotTypedData('', `must have ${MEMBERS.join(', ')} only`);
  }
  const domain = json.get('domain');
  if (!(domain instanceof Map)) throw new NotTypedData('domain', 'must be an object');
  const types = Types.read(
    json.get('types'),
    DOMAIN.filter(({ name }) => domain.has(name)),
  );
  requireDomainType(types);
  const primary = json.get('primaryType');
  if (typeof primary !== 'string' || !types.has(primary)) {
    throw new NotTypedData('primaryType', 'must be one of the types');
  }
  const separator = hashStruct(types, 'EIP712Domain', domain, 'domain');
  const isDomain = primary === 'EIP712Domain';
  const message = isDomain
    ? []
    : [hashStruct(types, primary, json.get('message') ?? null, 'message')];
  const bytes = Buffer.concat([Buffer.from([0x19, 0x01]), separator, ...message]);
  return { facts: factsOf(domain), draft: () => walletDraft(bytes) };
}

/** The domain's own type, if it is given, has members of EIP-712 only: facts are read from them. */
function requireDomainType(types: Types): void {
  for (const { name, type } of types.fieldsOf('EIP712Domain')) {
    const known = DOMAIN.find((field) => field.name === name);
    if (known?.type !== type) {
      throw new NotTypedData('types.EIP712Domain', 'must have members of EIP-712 only');
    }
  }
}

function factsOf(domain: ReadonlyMap<string, Json>): EvmFacts {
  const chainId = domain.get('chainId');
  const digits = typeof chainId === 'object' && chainId !== null && 'digits' in chainId;
  const chain = digits ? chainId.digits : chainId;
  const contract = domain.get('verifyingContract');
  const name = domain.get('name');
  return {
    ...(typeof chain === 'string' && { chainId: BigInt(chain) }),
    ...(typeof contract === 'string' && { verifyingContract: contract.toLowerCase() }),
    ...(typeof name === 'string' && { domainName: name }),
  };
}

function refused(path: string, description: string): PublicError {
  const field = path === '' ? 'evm_typed_data' : `evm_typed_data.${path}`;
  return invalid({ field: field.slice(0, 200), description });
}
