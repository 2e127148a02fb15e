import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadContract, type Rule } from '@ramet/proto-gen/contract';

/** The services of the mesh that listen on an address. */
export const PEERS = ['teams', 'keys', 'lifecycle', 'executor'] as const;

/** The name of a service that listens on an address. */
export type Peer = (typeof PEERS)[number];

/** What each of PEERS serves of its own. */
export const EVERYWHERE: ReadonlySet<string> = new Set(['history', 'audit']);

/** One of PEERS that serves what is served in a room. */
export function peerOf(room: string): Peer {
  return (EVERYWHERE.has(room) ? 'keys' : room) as Peer;
}

/** An RPC of the contract. */
export interface Rpc {
  /** Such as `ramet.teams.v1.TeamService/GetTeam`. */
  readonly name: string;
  readonly method: DescMethod;
  readonly rule: Rule | undefined;
  /** Where it is served: one of PEERS, or `runner`, or EVERYWHERE. */
  readonly room: string;
}

/** All that the contract of the mesh says, as descriptors. */
export interface Registry {
  readonly files: FileRegistry;
  readonly rpcs: readonly Rpc[];
  rpc(name: string): Rpc;
  /** Reads JSON, as in a grpcurl line, into the bytes of a request. */
  encode(rpc: Rpc, json: JsonValue): Uint8Array;
}

/** Reads the contract. */
export function readContract(): Registry {
  const { descriptorSet, rules } = loadContract();
  const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const rpcs = servicesOf(files).flatMap((service) =>
    service.methods.map((method) => ({
      name: `${service.typeName}/${method.name}`,
      method,
      rule: rules.get(`/${service.typeName}/${method.name}`),
      room: service.typeName.split('.')[1] ?? '',
    })),
  );
  const byName = new Map(rpcs.map((rpc) => [rpc.name, rpc]));
  return {
    files,
    rpcs,
    rpc(name) {
      const rpc = byName.get(name);
      if (!rpc) throw new Error(`the contract has no ${name}`);
      return rpc;
    },
    encode({ method }, json) {
      return toBinary(method.input, fromJson(method.input, json, { registry: files }));
    },
  };
}

/** Every type of message that a message is made of, and itself. */
export function typesWithin(root: DescMessage): readonly DescMessage[] {
  const found = new Set<DescMessage>();
  const visit = (message: DescMessage): void => {
    if (found.has(message)) return;
    found.add(message);
    for (const { message: child } of message.fields) if (child) visit(child);
  };
  visit(root);
  return [...found];
}

function servicesOf(files: FileRegistry): readonly DescService[] {
  return [...files].filter(
    (type): type is DescService => type.kind === 'service' && type.typeName.startsWith('ramet.'),
  );
}
