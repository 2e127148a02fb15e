import {
  createFileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadContract } from '@ramet/proto-gen/contract';
import { UsageError } from '../usage-error.js';

/** How to read a message from JSON: its name in the contracts, and its code. */
interface Readable<Message> {
  readonly type: string;
  readonly code: { decode(bytes: Uint8Array): Message };
}

/**
 * Reads a message from JSON, as the contracts write it: fields by name, enums by name, durations as
 * `1.5s`.
 *
 * Throws UsageError for what is no JSON, and for fields that the message does not have.
 */
export function parseMessage<Message>({ type, code }: Readable<Message>, text: string): Message {
  const registry = createFileRegistry(
    fromBinary(FileDescriptorSetSchema, loadContract().descriptorSet),
  );
  const schema = registry.getMessage(`ramet.${type}`);
  if (!schema) throw new Error(`the contracts have no ${type}`);
  try {
    const json = JSON.parse(text) as JsonValue;
    return code.decode(toBinary(schema, fromJson(schema, json, { registry })));
  } catch (thrown) {
    throw new UsageError(`not a ${schema.name}: ${(thrown as Error).message}`);
  }
}
