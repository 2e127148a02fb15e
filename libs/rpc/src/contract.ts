import {
  createFileRegistry,
  type DescMethod,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** Who a rule may let in. An admin is a user who administers the mesh. */
export type RuleCaller = 'anyone' | 'user' | 'admin' | 'service' | 'workload';

/** What the contract says of a method besides its messages. */
export interface Rule {
  readonly callers: readonly RuleCaller[];
  /** The services that are let in where `callers` has `service`. Empty lets none in. */
  readonly services: readonly string[];
  /** What is done, such as `clones.create`. */
  readonly action: string;
  /** What the audit keeps of a call. */
  readonly audit: 'none' | 'read' | 'write';
  /** Whether tokens are good for it whatever their scopes. */
  readonly anyScope?: boolean;
  /** Whether a client may repeat the call by itself. */
  readonly idempotent: boolean;
}

/** What was promised to callers: the descriptors of all files, and a rule for every method. */
export interface Contract {
  /** A serialized google.protobuf.FileDescriptorSet, in order of dependency, with its imports. */
  readonly descriptorSet: Uint8Array;
  /** The rule of each method by its path, such as `/ramet.keys.v1.KeyService/CreateKey`. */
  readonly rules: ReadonlyMap<string, Rule>;
}

/** Reads the descriptors of a contract. */
export function readRegistry(contract: Contract): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, contract.descriptorSet));
}

/** Finds a method by its path. Throws if the contract has none of that name. */
export function findMethod(registry: FileRegistry, path: string): DescMethod {
  const [, service = '', name = ''] = path.split('/');
  const method = registry.getService(service)?.methods.find((each) => each.name === name);
  if (!method) throw new Error(`the contract has no method ${path}`);
  return method;
}
