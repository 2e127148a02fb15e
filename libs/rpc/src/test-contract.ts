import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_timestamp,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { type Contract, findMethod, type Rule, type RuleCaller, readRegistry } from './contract.js';
import type { Method } from './method.js';

// A contract for the tests of this lib alone: one service, every kind of field and of rule.

/** What is asked of every method of the test service. */
export interface EchoRequest {
  readonly text?: string;
  readonly items?: readonly { readonly name: string }[];
  readonly color?: number;
  readonly ratio?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly numbers?: readonly number[];
}

/** What every method of the test service answers. */
export interface EchoResponse {
  readonly text: string;
}

const VALIDATE = '[buf.validate.field]';

const REQUEST: JsonObject = {
  name: 'EchoRequest',
  oneofDecl: [{ name: 'pick' }],
  nestedType: [
    {
      name: 'LabelsEntry',
      field: [scalar('key', 1, 'STRING'), scalar('value', 2, 'STRING')],
      options: { mapEntry: true },
    },
  ],
  field: [
    scalar('text', 1, 'STRING', { [VALIDATE]: { string: { maxLen: 10 } } }),
    repeated(of('items', 2, 'Item', { [VALIDATE]: { repeated: { maxItems: 3 } } })),
    { ...of('color', 3, 'Color'), type: 'TYPE_ENUM' },
    scalar('ratio', 4, 'DOUBLE'),
    repeated(of('labels', 5, 'EchoRequest.LabelsEntry')),
    { ...of('at', 6, ''), typeName: '.google.protobuf.Timestamp' },
    { ...of('left', 7, 'Item'), oneofIndex: 0 },
    { ...scalar('right', 8, 'STRING', { debugRedact: true }), oneofIndex: 0 },
    repeated(scalar('numbers', 9, 'INT32')),
    { ...of('inner', 10, 'EchoRequest') },
    { ...of('lasts', 11, ''), typeName: '.google.protobuf.Duration' },
  ],
};

const FILE: JsonObject = {
  name: 'test/v1/echo.proto',
  package: 'test.v1',
  syntax: 'proto3',
  dependency: [
    'google/protobuf/descriptor.proto',
    'google/protobuf/duration.proto',
    'google/protobuf/timestamp.proto',
    'buf/validate/validate.proto',
  ],
  extension: [{ ...scalar('note', 50_999, 'STRING'), extendee: '.google.protobuf.MethodOptions' }],
  enumType: [
    {
      name: 'Color',
      value: [
        { name: 'COLOR_UNSPECIFIED', number: 0 },
        { name: 'COLOR_RED', number: 1 },
      ],
    },
  ],
  messageType: [
    {
      name: 'Item',
      field: [scalar('name', 1, 'STRING', { [VALIDATE]: { string: { minLen: '1' } } })],
    },
    REQUEST,
    { name: 'EchoResponse', field: [scalar('text', 1, 'STRING')] },
  ],
  service: [
    {
      name: 'EchoService',
      method: ['Echo', 'Anyone', 'Admin', 'Mesh', 'Run', 'Count', 'Upload'].map((name) => ({
        name,
        inputType: '.test.v1.EchoRequest',
        outputType: '.test.v1.EchoResponse',
        serverStreaming: name === 'Count',
        clientStreaming: name === 'Upload',
      })),
    },
  ],
};

function scalar(name: string, number: number, type: string, options?: JsonObject): JsonObject {
  const label = 'LABEL_OPTIONAL';
  return { name, number, label, type: `TYPE_${type}`, ...(options && { options }) };
}

function of(name: string, number: number, type: string, options?: JsonObject): JsonObject {
  return { ...scalar(name, number, 'MESSAGE', options), typeName: `.test.v1.${type}` };
}

function repeated(field: JsonObject): JsonObject {
  return { ...field, label: 'LABEL_REPEATED' };
}

function rule(callers: readonly RuleCaller[], more: Partial<Rule> = {}): Rule {
  return { callers, services: [], action: 'echo', audit: 'none', idempotent: false, ...more };
}

/** The option `note: "hi"` of a method, as it lies in a descriptor. */
const NOTE = { no: 50_999, wireType: 2, data: Uint8Array.from([2, 0x68, 0x69]) } as const;

/** The contract of the test service. Its Echo method has an option of its own, `note: "hi"`. */
export function testContract(): Contract {
  const registry = createRegistry(file_buf_validate_validate);
  const file = fromJson(FileDescriptorProtoSchema, FILE, { registry });
  const [echo] = file.service[0]?.method ?? [];
  if (echo) echo.options = { ...create(MethodOptionsSchema), $unknown: [NOTE] };
  const files: readonly FileDescriptorProto[] = [
    file_google_protobuf_descriptor.proto,
    file_google_protobuf_duration.proto,
    file_google_protobuf_field_mask.proto,
    file_google_protobuf_timestamp.proto,
    file_buf_validate_validate.proto,
    file,
  ];
  const set = create(FileDescriptorSetSchema, { file: [...files] });
  return {
    descriptorSet: toBinary(FileDescriptorSetSchema, set),
    rules: new Map([
      [
        '/test.v1.EchoService/Echo',
        rule(['user', 'service'], { services: ['lifecycle'], idempotent: true }),
      ],
      ['/test.v1.EchoService/Anyone', rule(['anyone'])],
      ['/test.v1.EchoService/Admin', rule(['admin'])],
      ['/test.v1.EchoService/Mesh', rule(['service'], { services: ['keys'] })],
      ['/test.v1.EchoService/Run', rule(['workload'])],
      ['/test.v1.EchoService/Count', rule(['anyone'])],
      ['/test.v1.EchoService/Upload', rule(['user'], { idempotent: true })],
    ]),
  };
}

type Echo = Method<EchoRequest, EchoResponse>;

/** The methods of the test service, in the shape that ts-proto generates. */
export interface EchoService {
  readonly echo: Echo & { readonly responseStream: false };
  readonly anyone: Echo & { readonly responseStream: false };
  readonly admin: Echo & { readonly responseStream: false };
  readonly mesh: Echo & { readonly responseStream: false };
  readonly run: Echo & { readonly responseStream: false };
  readonly count: Echo & { readonly responseStream: true };
  readonly upload: Echo & { readonly requestStream: true; readonly responseStream: false };
}

/** The definition of the test service. */
export function echoService(): EchoService {
  const registry = readRegistry(testContract());
  const method = <Request extends boolean, Response extends boolean>(
    name: string,
    requestStream: Request,
    responseStream: Response,
  ) => {
    const path = `/test.v1.EchoService/${name}`;
    const { input, output } = findMethod(registry, path);
    return {
      path,
      requestStream,
      responseStream,
      requestSerialize: (request: EchoRequest) => write(input, request),
      requestDeserialize: (bytes: Buffer) => fromBinary(input, bytes) as unknown as EchoRequest,
      responseSerialize: (response: EchoResponse) => write(output, response),
      responseDeserialize: (bytes: Buffer) => fromBinary(output, bytes) as unknown as EchoResponse,
    };
  };
  return {
    echo: method('Echo', false, false),
    anyone: method('Anyone', false, false),
    admin: method('Admin', false, false),
    mesh: method('Mesh', false, false),
    run: method('Run', false, false),
    count: method('Count', false, true),
    upload: method('Upload', true, false),
  };
}

function write(desc: DescMessage, value: object): Buffer {
  const message = create(desc, value as MessageShape<DescMessage>);
  return Buffer.from(toBinary(desc, message));
}
