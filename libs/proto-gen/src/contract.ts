import { readFileSync } from 'node:fs';
import {
  createFileRegistry,
  type DescExtension,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  getOption,
  hasOption,
} from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel as Idempotency,
} from '@bufbuild/protobuf/wkt';

const IMAGE = new URL('../image.binpb', import.meta.url);
const PERMISSION = 'ramet.options.v1.permission';

type CallerKind = 'anyone' | 'user' | 'admin' | 'service' | 'workload';
type AuditClass = 'none' | 'read' | 'write';

/** Who may call a method, as its permission option says. */
export interface Rule {
  readonly callers: readonly CallerKind[];
  /** The services that are let in, where `callers` has `service`. */
  readonly services: readonly string[];
  readonly action: string;
  readonly audit: AuditClass;
  /** Whether tokens are good for it whatever their scopes. */
  readonly anyScope: boolean;
  /** Whether a call may be repeated without asking. */
  readonly idempotent: boolean;
}

/** The contracts of the mesh, as data: every file, and every method's rule by its path. */
export interface Contract {
  readonly descriptorSet: Uint8Array;
  readonly rules: ReadonlyMap<string, Rule>;
}

const CALLERS: readonly (CallerKind | undefined)[] = [
  undefined,
  'anyone',
  'user',
  'admin',
  'service',
  'workload',
];
const AUDIT: readonly (AuditClass | undefined)[] = [undefined, 'none', 'read', 'write'];

/**
 * Reads the contracts that this build was made from.
 *
 * A method without a permission option has no rule, and is then refused by whoever serves it.
 */
export function loadContract(): Contract {
  const descriptorSet = readFileSync(IMAGE);
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const permission = registry.getExtension(PERMISSION);
  if (!permission) throw new Error(`the image has no ${PERMISSION}`);

  const rules = new Map<string, Rule>();
  for (const method of methodsOf(registry)) {
    const path = `/${method.parent.typeName}/${method.name}`;
    if (hasOption(method, permission)) rules.set(path, ruleOf(method, permission));
  }
  return { descriptorSet, rules };
}

function* methodsOf(registry: FileRegistry): Generator<DescMethod> {
  for (const type of registry) {
    if (type.kind === 'service') yield* type.methods;
  }
}

function ruleOf(method: DescMethod, permission: DescExtension): Rule {
  const option = getOption(method, permission) as PermissionOption;
  return {
    callers: option.callers.map((kind) => known(CALLERS[kind], method)),
    services: option.services,
    action: option.action,
    audit: known(AUDIT[option.audit], method),
    anyScope: option.anyScope,
    idempotent: method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN,
  };
}

// The extension is read from the image, so the compiler does not know its message.
interface PermissionOption {
  readonly callers: readonly number[];
  readonly services: readonly string[];
  readonly action: string;
  readonly audit: number;
  readonly anyScope: boolean;
}

function known<Value>(value: Value | undefined, method: DescMethod): Value {
  if (value === undefined) throw new Error(`${method.name} has an unknown permission option`);
  return value;
}
