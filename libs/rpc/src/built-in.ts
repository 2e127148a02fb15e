import {
  create,
  createFileRegistry,
  type DescMethod,
  fromJson,
  type JsonObject,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

// The services that every server offers by itself: grpc/health/v1/health.proto and
// grpc/reflection/{v1,v1alpha}/reflection.proto of github.com/grpc/grpc-proto, by field number.

interface Field {
  readonly name: string;
  readonly type: 'string' | 'bytes' | 'int32' | `.${string}`;
  readonly repeated?: true;
  readonly isEnum?: true;
  readonly oneof?: true;
}

type Fields = Readonly<Record<number, Field>>;

const SCALARS = { string: 'TYPE_STRING', bytes: 'TYPE_BYTES', int32: 'TYPE_INT32' } as const;

function message(name: string, fields: Fields, oneof?: string): JsonObject {
  return {
    name,
    oneofDecl: oneof ? [{ name: oneof }] : [],
    field: Object.entries(fields).map(([number, field]) => ({
      name: field.name,
      number: Number(number),
      label: field.repeated ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL',
      ...typeOf(field),
      ...(field.oneof && { oneofIndex: 0 }),
    })),
  };
}

function typeOf({ type, isEnum }: Field): JsonObject {
  if (type === 'string' || type === 'bytes' || type === 'int32') return { type: SCALARS[type] };
  return { type: isEnum ? 'TYPE_ENUM' : 'TYPE_MESSAGE', typeName: type };
}

function healthFile(): FileDescriptorProto {
  const response = message('HealthCheckResponse', {
    1: { name: 'status', type: '.grpc.health.v1.HealthCheckResponse.ServingStatus', isEnum: true },
  });
  const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
  const value = statuses.map((name, number) => ({ name, number }));
  const entry = message('StatusesEntry', {
    1: { name: 'key', type: 'string' },
    2: { name: 'value', type: '.grpc.health.v1.HealthCheckResponse' },
  });
  const listed = '.grpc.health.v1.HealthListResponse.StatusesEntry' as const;
  const list = message('HealthListResponse', {
    1: { name: 'statuses', type: listed, repeated: true },
  });
  const check = '.grpc.health.v1.HealthCheckRequest';
  const checked = '.grpc.health.v1.HealthCheckResponse';
  return fromJson(FileDescriptorProtoSchema, {
    name: 'grpc/health/v1/health.proto',
    package: 'grpc.health.v1',
    syntax: 'proto3',
    messageType: [
      message('HealthCheckRequest', { 1: { name: 'service', type: 'string' } }),
      { ...response, enumType: [{ name: 'ServingStatus', value }] },
      message('HealthListRequest', {}),
      { ...list, nestedType: [{ ...entry, options: { mapEntry: true } }] },
    ],
    service: [
      {
        name: 'Health',
        method: [
          { name: 'Check', inputType: check, outputType: checked },
          {
            name: 'List',
            inputType: '.grpc.health.v1.HealthListRequest',
            outputType: '.grpc.health.v1.HealthListResponse',
          },
          { name: 'Watch', inputType: check, outputType: checked, serverStreaming: true },
        ],
      },
    ],
  });
}

function reflectionFile(version: 'v1' | 'v1alpha'): FileDescriptorProto {
  const scope = `.grpc.reflection.${version}` as const;
  const oneof = true;
  return fromJson(FileDescriptorProtoSchema, {
    name: `grpc/reflection/${version}/reflection.proto`,
    package: scope.slice(1),
    syntax: 'proto3',
    messageType: [
      message(
        'ServerReflectionRequest',
        {
          1: { name: 'host', type: 'string' },
          3: { name: 'file_by_filename', type: 'string', oneof },
          4: { name: 'file_containing_symbol', type: 'string', oneof },
          5: { name: 'file_containing_extension', type: `${scope}.ExtensionRequest`, oneof },
          6: { name: 'all_extension_numbers_of_type', type: 'string', oneof },
          7: { name: 'list_services', type: 'string', oneof },
        },
        'message_request',
      ),
      message('ExtensionRequest', {
        1: { name: 'containing_type', type: 'string' },
        2: { name: 'extension_number', type: 'int32' },
      }),
      message(
        'ServerReflectionResponse',
        {
          1: { name: 'valid_host', type: 'string' },
          2: { name: 'original_request', type: `${scope}.ServerReflectionRequest` },
          4: { name: 'file_descriptor_response', type: `${scope}.FileDescriptorResponse`, oneof },
          5: {
            name: 'all_extension_numbers_response',
            type: `${scope}.ExtensionNumberResponse`,
            oneof,
          },
          6: { name: 'list_services_response', type: `${scope}.ListServiceResponse`, oneof },
          7: { name: 'error_response', type: `${scope}.ErrorResponse`, oneof },
        },
        'message_response',
      ),
      message('FileDescriptorResponse', {
        1: { name: 'file_descriptor_proto', type: 'bytes', repeated: true },
      }),
      message('ExtensionNumberResponse', {
        1: { name: 'base_type_name', type: 'string' },
        2: { name: 'extension_number', type: 'int32', repeated: true },
      }),
      message('ListServiceResponse', {
        1: { name: 'service', type: `${scope}.ServiceResponse`, repeated: true },
      }),
      message('ServiceResponse', { 1: { name: 'name', type: 'string' } }),
      message('ErrorResponse', {
        1: { name: 'error_code', type: 'int32' },
        2: { name: 'error_message', type: 'string' },
      }),
    ],
    service: [
      {
        name: 'ServerReflection',
        method: [
          {
            name: 'ServerReflectionInfo',
            inputType: `${scope}.ServerReflectionRequest`,
            outputType: `${scope}.ServerReflectionResponse`,
            clientStreaming: true,
            serverStreaming: true,
          },
        ],
      },
    ],
  });
}

/** The files of the services that every server offers by itself. */
export const BUILT_IN_FILES: readonly FileDescriptorProto[] = [
  healthFile(),
  reflectionFile('v1'),
  reflectionFile('v1alpha'),
];

const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...BUILT_IN_FILES] }));

/** The bytes of a built-in file. */
export function bytesOfBuiltIn(file: FileDescriptorProto): Uint8Array {
  return toBinary(FileDescriptorProtoSchema, file);
}

/** A built-in method. */
export function builtInMethod(service: string, name: string): DescMethod {
  const method = registry.getService(service)?.methods.find((each) => each.name === name);
  if (!method) throw new Error(`there is no ${service}/${name}`);
  return method;
}
